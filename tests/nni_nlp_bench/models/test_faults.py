"""Damaged, hostile and unfinished model folders are refused in one line."""

from __future__ import annotations

import json
import os
import pickle
import resource
from collections.abc import Callable, Iterator
from hashlib import sha256
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
from trained_models import CLASSIFIERS, LANGUAGE_MODELS, TrainedClassifier, TrainedLanguageModel

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.models.base import TextClassifier
from nni_nlp_bench.models.loading import AnyModel, load_model
from nni_nlp_bench.models.manifest import (
    CARD,
    MANIFEST,
    Manifest,
    ModelError,
    _checksum,
    write_model,
)

KINDS = (*CLASSIFIERS, *LANGUAGE_MODELS)
EVERY_KIND = pytest.mark.parametrize("kind", KINDS)
Folders = Callable[[str], Path]
Damage = Callable[[bytes], bytes | None]
DAMAGES: dict[str, Damage] = {
    "missing": lambda content: None,
    "empty": lambda content: b"",
    "cut": lambda content: content[: len(content) // 2],
    "longer": lambda content: content + b"\n",
    "flipped": lambda content: _flipped(content, len(content) // 2),
    "flipped first": lambda content: _flipped(content, 0),
    "zeros": lambda content: bytes(len(content)),
}
VALUES = (None, True, -1, 0, 1.5, 10**17, "x", "", [], {}, [[]], ["x", "y"], {"x": 1})
MEMORY = 2**18
"""Kibibytes that refusing a model may take."""


def _flipped(content: bytes, place: int) -> bytes:
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


def refuse(folder: Path, error: type[UserError] = ModelError) -> str:
    """The message of the error, of one line."""
    with pytest.raises(error) as caught:
        load_model(folder)
    message = str(caught.value)
    assert message
    assert "\n" not in message
    return message


def use(model: AnyModel) -> None:
    if isinstance(model, TextClassifier):
        model.predict(["w1 w2", "label1"])
    else:
        model.evaluate("w1 w2")


def edit(folder: Path, change: Callable[[dict[str, Any]], object] = lambda values: None) -> None:
    """Change the description of a model, with the checksums that belong to it."""
    path = folder / MANIFEST
    values = json.loads(path.read_text("utf-8"))
    del values["checksum"]
    present = [name for name in values["files"] if (folder / name).is_file()]
    values["files"] = {name: sha256((folder / name).read_bytes()).hexdigest() for name in present}
    change(values)
    path.write_text(json.dumps({**values, "checksum": _checksum(values)}), "utf-8")


@EVERY_KIND
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file(kind: str, damage: str, copied: Folders) -> None:
    folder = copied(kind)
    files = sorted(path for path in folder.iterdir() if path.name != CARD)
    assert len(files) >= 3
    for file in files:
        content = file.read_bytes()
        damaged = DAMAGES[damage](content)
        file.unlink()
        if damaged is not None:
            file.write_bytes(damaged)
        if not (file.name == MANIFEST and damage == "longer"):  # white space in JSON
            assert str(folder) in refuse(folder)
        file.write_bytes(content)
    load_model(folder)


def test_any_bit_of_the_description(copied: Folders) -> None:
    folder = copied("tfidf")
    path = folder / MANIFEST
    content = path.read_bytes()
    for place in range(0, len(content), 7):
        changed = _flipped(content, place)
        path.write_bytes(changed)
        if b" ".join(changed.split()) != b" ".join(content.split()):
            refuse(folder)


@pytest.mark.parametrize("what", ["folder", "pipe", "loop"])
@pytest.mark.parametrize("name", [MANIFEST, "model.safetensors", "terms.txt"])
def test_no_file(what: str, name: str, copied: Folders) -> None:
    folder = copied("tfidf")
    (folder / name).unlink()
    if what == "folder":
        (folder / name).mkdir()
    elif what == "pipe":
        os.mkfifo(folder / name)
    else:
        (folder / name).symlink_to(name)
    refuse(folder)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("[]", "does not describe a model"),
        ("{}", "does not describe a model"),
        ('{"format": "1"}', "does not describe a model"),
        ('{"format": 2}', "written by a newer version: update nni-nlp-bench"),
        ('{"format": 1}', "is damaged"),
        ("[" * 100_000, "nested too deeply"),
        ('{"format": 1, "format": 1}', "given twice"),
        ('{"format": NaN}', "is not a finite number"),
        ('{"format": 1e999}', "is not a finite number"),
    ],
)
def test_a_description_that_is_none(content: str, fault: str, copied: Folders) -> None:
    folder = copied("tfidf")
    (folder / MANIFEST).write_text(content, "utf-8")
    assert fault in refuse(folder)


def test_no_model(tmp_path: Path) -> None:
    assert "has no model: give a folder that contains model.json" in refuse(tmp_path)
    assert "is not a folder" in refuse(tmp_path / "none")
    (tmp_path / "file").touch()
    assert "is not a folder" in refuse(tmp_path / "file")
    for name in ("\0", "x" * 5000, "~nobody-of-that-name/x"):
        refuse(tmp_path / name)


def test_an_unknown_kind_and_unknown_fields(copied: Folders) -> None:
    folder = copied("tfidf")
    edit(folder, lambda values: values.update(kind="oracle"))
    assert "unknown kind of model 'oracle'; known: language_model" in refuse(folder, UserError)
    edit(folder, lambda values: values.update(kind="tfidf", mood="good"))
    assert "is damaged" in refuse(folder)


@EVERY_KIND
def test_another_kind(kind: str, copied: Folders) -> None:
    folder = copied(kind)
    original = json.loads((folder / MANIFEST).read_text("utf-8"))["kind"]
    for other in {"language_model", "network", "tfidf", "transformer"} - {original}:
        edit(folder, lambda values, other=other: values.update(kind=other))
        refuse(folder, UserError)


@EVERY_KIND
def test_labels_of_another_count(kind: str, copied: Folders) -> None:
    folder = copied(kind)
    for labels in (["a", "b"], ["a", "b", "c", "d"], ["a"], [], ["a", "a", "b"], "abc", [1, 2, 3]):
        edit(folder, lambda values, labels=labels: values.update(labels=labels))
        if kind not in LANGUAGE_MODELS:
            refuse(folder)
    if kind not in LANGUAGE_MODELS:
        edit(folder, lambda values: values.update(labels=None))
        refuse(folder)


def places(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for key in value if isinstance(value, dict) else ():
        yield (*path, key)
        yield from places(value[key], (*path, key))


def put(values: dict[str, Any], path: tuple[str, ...], value: object) -> None:
    for key in path[:-1]:
        values = values[key]
    values[path[-1]] = value


@EVERY_KIND
def test_values_of_wrong_types(kind: str, copied: Folders) -> None:
    """A model whose description is wrong is refused, or works."""
    folder = copied(kind)
    content = (folder / MANIFEST).read_bytes()
    original = json.loads(content)
    fields = [(name,) for name in ("kind", "name", "labels", "origin", "files", "format", "model")]
    paths = [("model", *path) for path in places(original["model"])]
    refused = 0
    for path in [*fields, *paths]:
        for value in VALUES:
            (folder / MANIFEST).write_bytes(content)
            edit(folder, lambda values, path=path, value=value: put(values, path, value))
            try:
                use(load_model(folder))
            except UserError as error:
                assert "\n" not in str(error)
                refused += 1
    assert refused > len(paths) * len(VALUES) // 3


ABSURD: dict[str, tuple[str, dict[str, Any]]] = {
    "width": ("textnas", {"options": {"width": 10**12}}),
    "greatest width": ("textnas", {"options": {"width": 65_536}}),
    "vectors": ("textnas", {"vectors": 10**12}),
    "vectors of a bag": ("bag_of_vectors", {"vectors": 10**12}),
    "width of a GRU": ("bigru", {"options": {"width": 60_000}}),
    "width of a CNN": ("cnn", {"options": {"width": 60_000}}),
    "cells": ("emd_cell", {"options": {"cells": 10**9, "width": 4}}),
    "some cells": ("emd_cell", {"options": {"cells": 100, "width": 4096}}),
    "vectors of an encoder": ("encoder", {"vectors": 10**10}),
    "hidden": ("rnn_cell", {"hidden": 65_536}),
    "layers": ("rnn_cell", {"layers": 10**9}),
    "many layers": ("enas_cell", {"layers": 1_000, "hidden": 65_536}),
}


@pytest.mark.parametrize("name", ABSURD)
def test_absurd_sizes_are_refused_before_memory_is_taken(name: str, copied: Folders) -> None:
    kind, sizes = ABSURD[name]
    folder = copied(kind)
    part = "sizes" if kind in LANGUAGE_MODELS else "network"
    edit(folder, lambda values: values["model"][part].update(sizes))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    refuse(folder, UserError)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MEMORY


@pytest.mark.parametrize(
    "sizes",
    [
        {"vocab_size": 10**12},
        {"hidden_size": 10**6},
        {"hidden_size": 60_000},
        {"intermediate_size": 10**12},
        {"num_hidden_layers": 10**9},
        {"num_hidden_layers": 500},
        {"max_position_embeddings": 10**12},
        {"num_hidden_layers": "x"},
        {"architectures": ["BertModel"]},
        {"model_type": "gpt-none"},
    ],
)
def test_a_transformer_of_other_sizes(sizes: dict[str, Any], copied: Folders) -> None:
    folder = copied("transformer")
    config = json.loads((folder / "config.json").read_text("utf-8"))
    (folder / "config.json").write_text(json.dumps({**config, **sizes}), "utf-8")
    edit(folder)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    refuse(folder, UserError)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MEMORY


def test_decoders_of_other_sizes(copied: Folders) -> None:
    folder = copied("gpt2")

    def change(values: dict[str, Any]) -> None:
        architecture = json.loads(values["model"]["architecture"])
        architecture["d_model"] = 10**9
        values["model"]["architecture"] = json.dumps(architecture)

    edit(folder, change)
    refuse(folder, UserError)
    edit(copied("transformer_xl"), lambda values: values["model"].update(bptt=10**6 + 1))
    refuse(folder.parent / "transformer_xl")


def test_a_header_that_promises_too_much(copied: Folders) -> None:
    folder = copied("bag_of_vectors")
    weights = {"dtype": "F32", "shape": [10**6, 10**6], "data_offsets": [0, 4 * 10**12]}
    header = json.dumps({"embedding.weight": weights}).encode()
    file = folder / "model.safetensors"
    file.write_bytes(len(header).to_bytes(8, "little") + header + bytes(64))
    edit(folder)
    assert "model.safetensors cannot be read" in refuse(folder)


class Bomb:
    """Unpickling it makes a folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.path),)


@EVERY_KIND
def test_a_pickle_is_not_run(kind: str, copied: Folders, tmp_path: Path) -> None:
    folder, mark = copied(kind), tmp_path / "mark"
    (folder / "model.safetensors").write_bytes(pickle.dumps(Bomb(mark)))
    edit(folder)
    refuse(folder)
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    edit(folder, lambda values: values["files"].pop("model.safetensors", None))
    refuse(folder)
    assert not mark.exists()


@pytest.mark.parametrize(
    "name", ["../outside", "/etc/hostname", "a/b", "..", ".", "", "\0", "é" * 300]
)
def test_names_with_paths(name: str, copied: Folders) -> None:
    folder = copied("tfidf")
    (folder.parent / "outside").write_bytes(b"")
    digest = sha256(b"").hexdigest()
    edit(folder, lambda values: values["files"].update({name: digest}))
    assert "lacks the file" in refuse(folder)


def test_weights_of_another_model(copied: Folders) -> None:
    folder = copied("bigru")
    other = (copied("cnn") / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(other)
    edit(folder)
    refuse(folder)


def test_words_of_another_model(copied: Folders) -> None:
    for kind, file in (("cnn", "vocabulary.txt"), ("student", "vocabulary.txt"),
                       ("rnn_cell", "vocabulary.txt"), ("tfidf", "terms.txt")):  # fmt: skip
        folder = copied(kind)
        words = (folder / file).read_text("utf-8").split("\n")
        for changed in ([*words[:-1], "more", ""], words[:-2], [], [*words[:-2], words[0], ""]):
            (folder / file).write_text("\n".join(changed), "utf-8")
            edit(folder)
            if not (changed[:-2] == words[:-2] and kind in ("student", "rnn_cell")):
                refuse(folder, UserError)


def in_child(action: Callable[[], object]) -> str | None:
    """Run an action in a forked process; the message of its UserError, None if it was killed."""
    receiver, sender = get_context("fork").Pipe(duplex=False)

    def run(sender: Connection) -> None:
        try:
            action()
        except UserError as error:
            sender.send(str(error))
        else:
            sender.send("written")

    process = get_context("fork").Process(target=run, args=(sender,))
    process.start()
    sender.close()
    try:
        return str(receiver.recv())
    except EOFError:
        return None
    finally:
        process.join()


def test_a_killed_writer_leaves_no_model(copied: Folders) -> None:
    """Neither the new nor the old one, which it has begun to replace."""
    folder = copied("tfidf")
    manifest = load_model(folder).manifest

    def write(scratch: Path) -> None:
        (scratch / "terms.txt").write_text("half", "utf-8")
        os._exit(9)

    assert in_child(lambda: write_model(folder, manifest, write, "card")) is None
    assert "has no model" in refuse(folder)
    assert len(list(folder.glob(".unfinished-*"))) == 1

    def fail(scratch: Path) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(UserError, match=f"cannot write {folder}: No space left on device"):
        write_model(folder, manifest, fail, "card")
    assert not list(folder.glob(".unfinished-*"))
    assert "has no model" in refuse(folder)


@EVERY_KIND
def test_a_full_disk_leaves_no_model(
    kind: str,
    classifier: Callable[[str], TrainedClassifier],
    language_model: Callable[[str], TrainedLanguageModel],
    saved: Folders,
    tmp_path: Path,
) -> None:
    """Simulated by a limit on the size of files."""
    models: Any = language_model if kind in LANGUAGE_MODELS else classifier
    save: Callable[[Path], Manifest] = models(kind).save
    sizes = sorted(path.stat().st_size for path in saved(kind).iterdir())
    for i, limit in enumerate([10, *(size - 1 for size in sizes)]):
        out = tmp_path / str(i)

        def write(limit: int = limit, out: Path = out) -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
            save(out)

        message = in_child(write)
        assert message is not None
        assert message.startswith("cannot write ")
        assert "\n" not in message
        assert "has no model" in refuse(out)
        assert not list(out.glob(".unfinished-*"))


def test_a_folder_that_cannot_be_made(
    classifier: Callable[[str], TrainedClassifier], tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot write"):
        classifier("tfidf").save(tmp_path / "file" / "model")
