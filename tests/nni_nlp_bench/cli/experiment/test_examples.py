"""`examples`: the packaged experiments are listing and copied."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from nni_nlp_bench.cli.app import app
from nni_nlp_bench.cli.experiment.examples import packaged_experiments, summary

EXPERIMENTS = Path(__file__).parents[4] / "experiments"
FILES = {file.name: file.read_bytes() for file in EXPERIMENTS.glob("*.yml")}


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["experiment", "examples", *map(str, arguments)])


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_package_has_all_experiments() -> None:
    assert {file.name: file.read_bytes() for file in packaged_experiments()} == FILES


def test_list_has_descriptions() -> None:
    done = call("--json")
    assert done.exit_code == 0
    listing = json.loads(done.stdout)
    assert listing["out"] is None
    assert list(listing["examples"]) == sorted(FILES)
    for name, description in listing["examples"].items():
        assert 20 < len(description) < 200, name
        assert "\n" not in description
    table = call().stdout
    assert all(name in table for name in FILES)


def test_summary_is_the_first_sentence_of_the_comment(tmp_path: Path) -> None:
    file = tmp_path / "some.yml"
    file.write_text(
        "# Grid search over\n# two cells. It takes a minute.\n#\n# Look at: all.\na: 1\n"
    )
    assert summary(file) == "Grid search over two cells"


def test_copies_are_exact(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "examples"
    done = call(folder)
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == f"{len(FILES)} files copied to {folder}\n"
    assert contents(folder) == FILES


def test_existing_files_are_not_overwritten(tmp_path: Path) -> None:
    kept = tmp_path / "remote.yml"
    kept.write_text("mine")
    done = call(tmp_path)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: {kept} exists and is not overwritten")
    assert done.stderr.count("\n") == 1
    assert contents(tmp_path) == {"remote.yml": b"mine"}


@pytest.mark.parametrize("folder", ["file", "file/below"])
def test_error_if_the_directory_is_a_file(tmp_path: Path, folder: str) -> None:
    (tmp_path / "file").touch()
    done = call(tmp_path / folder)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: cannot copy to {tmp_path / folder}: ")
