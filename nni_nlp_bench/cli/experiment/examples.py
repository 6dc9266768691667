"""`examples`: the packaged NNI experiments, listed or copied."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nni_nlp_bench.cli import options
from nni_nlp_bench.cli.output import echo, plain_table, print_json, print_tables
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.input_files import exists

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable


def examples(
    folder: Annotated[
        Path | None,
        typer.Argument(help="Directory to copy the files to; created if missing."),
    ] = None,
    json: options.Json = False,
) -> None:
    """List the packaged NNI experiments, or copy them to a directory.

    Run a copy with `nni-nlp-bench experiment up --config FILE`. Existing files are not overwritten.
    """

    experiments = packaged_experiments()
    if folder is not None:
        copy_experiments(experiments, folder)
    if json:
        copied = None if folder is None else str(folder)
        print_json({"examples": {file.name: summary(file) for file in experiments}, "out": copied})
    elif folder is None:
        rows = [(file.name, summary(file)) for file in experiments]
        print_tables(plain_table("Examples", ("file", "description"), rows))
    else:
        echo(f"{len(experiments)} files copied to {folder}")


def packaged_experiments() -> list[Traversable]:
    """Return the YAML files of the package, sorted by name."""
    folder = files("nni_nlp_bench") / "examples"
    return sorted(
        (file for file in folder.iterdir() if file.name.endswith(".yml")),
        key=lambda file: file.name,
    )


def copy_experiments(experiments: list[Traversable], folder: Path) -> None:
    """Copy the files to the directory.

    Raises:
        UserError: a file of that name exists, or the directory is not writable. If a file
            exists, nothing is copied.
    """
    existing = [file.name for file in experiments if exists(folder / file.name)]
    if existing:
        raise UserError(
            f"{folder / existing[0]} exists and is not overwritten: remove it, or choose "
            "another directory"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file in experiments:
            with (folder / file.name).open("xb") as copy:
                copy.write(file.read_bytes())
    except OSError as error:
        raise UserError(f"cannot copy to {folder}: {error.strerror or error}") from None


def summary(experiment: Traversable) -> str:
    """Return the first sentence of the comment at the top of the file."""
    comment: list[str] = []
    for line in experiment.read_text("utf-8").splitlines():
        if not line.startswith("#") or line == "#":
            break
        comment.append(line.removeprefix("#").strip())
    sentence, _, _ = " ".join(comment).partition(". ")
    return sentence.removesuffix(".")
