"""Description of a model folder, `model.json`, and the folder's integrity."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Self

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.files import atomic_write, strict_json, write_json
from nni_nlp_bench.core.input_files import exists, is_file, is_folder
from nni_nlp_bench.core.limits import MAX_COUNT
from nni_nlp_bench.core.parse_json import read_json
from nni_nlp_bench.core.scratch import remove_stale, scratch_folder

MANIFEST, CARD = "model.json", "README.md"
BELOW_TRAINING = "model"
"""Name of the model folder in the output folder of a training."""
_FORMAT = 1
_CHECKSUM = "checksum"
"""Key of the SHA-256 of the other values: a changed label would be a wrong label."""
_LIBRARIES = ("nni-nlp-bench", "torch", "transformers", "scikit-learn", "numpy", "safetensors")


class ModelError(UserError):
    """A folder is not a model, is damaged, or was written by a newer version."""


@dataclass(frozen=True)
class Manifest:
    """What a model is, how it was trained, and what it achieved."""

    kind: str
    """Kind of model: a key of `loading.KINDS`."""
    name: str
    """Short name for people, such as `textnas 1a2b3c4d` or `tfidf`."""
    model: Mapping[str, Any]
    """What the kind needs to build the model again."""
    labels: tuple[str, ...] | None = None
    """Label names by id; None for a language model."""
    data: Mapping[str, Any] = field(default_factory=dict)
    """Name, digest and sizes of the training data."""
    training: Mapping[str, Any] = field(default_factory=dict)
    """Settings of the training."""
    metrics: Mapping[str, Any] = field(default_factory=dict)
    """Metrics by name: accuracies and F1 are fractions, losses in nats."""
    origin: str = "trained with nni-nlp-bench"
    """How the architecture was found."""
    licences: Mapping[str, str] = field(default_factory=dict)
    """Licence of each source of weights, such as word vectors or a teacher."""
    versions: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    """SHA-256 of each file by name."""

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, with a checksum of the others."""
        values = {"format": _FORMAT, **asdict(self)}
        return {**values, _CHECKSUM: _checksum(values)}

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read the description of a model folder and verify its files. Raises ModelError."""
        path = folder / MANIFEST
        if not exists(path):
            what = "has no model" if is_folder(folder) else "is not a folder"
            raise ModelError(f"{folder} {what}: give a folder that contains {MANIFEST}")
        values = read_json(path, ModelError, "copy or train the model again")
        if not isinstance(values, dict) or not isinstance(values.get("format"), int):
            raise ModelError(f"{path} does not describe a model")
        if values["format"] > _FORMAT:
            raise ModelError(f"{path} was written by a newer version: update nni-nlp-bench")
        if values.pop(_CHECKSUM, None) != _checksum(values):
            raise _damaged(path)
        del values["format"]
        try:
            found = cls(**values)
        except TypeError:
            raise _damaged(path) from None
        found._check_types(path)
        found._check_files(folder)
        labels = None if found.labels is None else tuple(found.labels)
        return cls(**{**values, "labels": labels})

    def _check_types(self, path: Path) -> None:
        mappings: list[object] = [self.model, self.data, self.training, self.metrics]
        mappings += [self.licences, self.versions, self.files]
        labels = self.labels is None or (
            isinstance(self.labels, list)
            and all(isinstance(label, str) for label in self.labels)
            and 1 < len(self.labels) == len(set(self.labels))
        )
        texts = all(isinstance(text, str) for text in (self.kind, self.name, self.origin))
        if not (labels and texts and all(isinstance(values, dict) for values in mappings)):
            raise _damaged(path)

    def _check_files(self, folder: Path) -> None:
        for name, digest in self.files.items():
            path = folder / name
            if Path(name).name != name or not is_file(path):
                raise ModelError(f"{folder} lacks the file {name!r}: copy the whole folder")
            try:
                with path.open("rb") as stream:
                    intact = hashlib.file_digest(stream, "sha256").hexdigest() == digest
            except OSError as error:
                raise ModelError(f"cannot read {path}: {error.strerror or error}") from None
            if not intact:
                raise _damaged(path)


def write_model(
    folder: Path, manifest: Manifest, write: Callable[[Path], None], card: str
) -> Manifest:
    """Write a model folder; a reader never finds it half written.

    Args:
        folder: The folder; files of an older model in it are replaced.
        manifest: Description, without `versions` and `files`.
        write: Writes the files of the kind into a folder.
        card: Text of the model card.

    Returns:
        The description with versions and checksums.

    Raises:
        UserError: The folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        remove_stale(folder)
        (folder / MANIFEST).unlink(missing_ok=True)
        with scratch_folder(folder) as scratch:
            write(scratch)
            files = sorted(scratch.iterdir())
            digests = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
            (scratch / CARD).write_text(card, "utf-8")
            for file in scratch.iterdir():
                file.replace(folder / file.name)
    except OSError as error:
        raise UserError(f"cannot write {folder}: {error.strerror or error}") from None
    values = {**vars(manifest), "versions": _versions(), "files": digests}
    complete = Manifest(**values)
    write_json(folder / MANIFEST, complete.to_dict())  # last: marks the folder as complete
    return complete


def add_metrics(
    folder: Path, metrics: Mapping[str, Any], card: Callable[[Manifest], str]
) -> Manifest:
    """Add metrics to the description and the card of a model folder. Raises UserError.

    Args:
        folder: The model folder.
        metrics: Metrics by name, which replace those of the same name.
        card: Returns the text of the model card.
    """
    manifest = Manifest.read(folder)
    values = {**vars(manifest), "metrics": {**manifest.metrics, **metrics}}
    complete = Manifest(**values)
    with atomic_write(folder / CARD) as new:
        new.write_text(card(complete), "utf-8")
    write_json(folder / MANIFEST, complete.to_dict())
    return complete


def model_folder(folder: Path) -> Path:
    """Return the model folder itself, or the one in the output folder of a training."""
    below = folder / BELOW_TRAINING
    return below if not exists(folder / MANIFEST) and exists(below / MANIFEST) else folder


def _checksum(values: Mapping[str, Any]) -> str:
    return hashlib.sha256(strict_json(values).encode()).hexdigest()


def _damaged(path: Path) -> ModelError:
    return ModelError(f"{path} is damaged: copy or train the model again")


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for library in _LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:  # an optional library
            continue
    return found


def required(values: Mapping[str, Any], names: Sequence[str]) -> list[Any]:
    """Return values by name. Raises ModelError if one is missing."""
    for name in names:
        if name not in values:
            raise ModelError(f"{MANIFEST} lacks {name!r}: copy or train the model again")
    return [values[name] for name in names]


def required_count(values: Mapping[str, Any], name: str) -> int:
    """Return a count by name. Raises ModelError if it is missing or impossible."""
    (count,) = required(values, (name,))
    if type(count) is not int or not 1 <= count <= MAX_COUNT:
        shown = str(count)[:40]
        raise ModelError(f"{MANIFEST}: {name} must be between 1 and {MAX_COUNT:,}, got {shown!r}")
    return count
