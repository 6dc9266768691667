"""Import of the logs of NAS-Bench-NLP's release: `logs.zip`, or a folder of its JSON files.

All three sets have one format: single run, multi run, WikiText-2
(https://github.com/fmsnew/nas-bench-nlp-release).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

from nni_nlp_bench.benchmarks.base import BenchmarkError
from nni_nlp_bench.benchmarks.importers.reading import Progress, Reading, Skipped, no_progress
from nni_nlp_bench.benchmarks.importers.zip_members import MAX_MEMBER_BYTES, zip_members
from nni_nlp_bench.benchmarks.release_fields import series_of_fields
from nni_nlp_bench.benchmarks.training_run import TrainingRun
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.input_files import is_file, is_folder, list_tree, read_bytes
from nni_nlp_bench.core.parse_json import parse_json
from search_spaces.rnn_cell import Recipe

ReadRecipe = Callable[[str], Recipe]


def read_release_logs(source: Path, progress: Progress = no_progress) -> Reading:
    """Read all logs of a zip file or folder; unreadable ones are listed as skipped.

    Raises BenchmarkError if the archive is damaged or malicious.
    """
    runs: list[TrainingRun] = []
    skipped: list[Skipped] = []
    names: set[str] = set()
    recipe: ReadRecipe = cache(Recipe.from_json)
    members = _files_of(source) if is_folder(source) else zip_members(source)
    for done, (name, content, total) in enumerate(members, start=1):
        try:
            if name in names:
                raise BenchmarkError("a second file of the same name")
            names.add(name)
            runs.append(_run(name, content, recipe))
        except UserError as error:
            skipped.append(Skipped(name, str(error)))
        progress(done, total)
    return Reading(tuple(runs), tuple(skipped))


def _files_of(folder: Path) -> Iterator[tuple[str, bytes | None, int]]:
    files = [path for path in list_tree(folder) if is_file(path)]
    for path in files:
        name = path.relative_to(folder).as_posix()
        yield name, _content(path), len(files)


def _content(path: Path) -> bytes | None:
    """Read a log; None if it is too large or cannot be read."""
    try:
        return read_bytes(path, MAX_MEMBER_BYTES)
    except UserError:
        return None


def _run(name: str, content: bytes | None, recipe: ReadRecipe) -> TrainingRun:
    """Convert a log to a run. Raises UserError if it is invalid."""
    if not name.endswith(".json"):
        raise BenchmarkError("not a log: the name does not end with .json")
    if content is None:
        raise BenchmarkError(
            f"cannot be read, is damaged, or larger than {MAX_MEMBER_BYTES:,} bytes"
        )
    try:
        log = parse_json(content, allow_nan=True)
    except ValueError as error:
        raise BenchmarkError(f"not JSON: {error}") from None
    if not isinstance(log, dict):
        raise BenchmarkError("not a JSON object")
    return TrainingRun(
        architecture=recipe(_field(log, "recepie", str)),
        name=name,
        recipe_id=_field(log, "recepie_id", int),
        num_params=_field(log, "num_params", int),
        status=_field(log, "status", str),
        dataset=PurePosixPath(_field(log, "data", str)).name,
        **series_of_fields(log),
    )


def _field(log: dict[str, Any], name: str, kind: type) -> Any:
    if name not in log:
        raise BenchmarkError(f"the field {name} is missing")
    if type(log[name]) is not kind:
        raise BenchmarkError(f"{name} must be of type {kind.__name__}")
    return log[name]
