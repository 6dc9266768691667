"""Locating, patching and importing NASLib, on request only."""

from __future__ import annotations

import collections
import os
import subprocess
import sys
from pathlib import Path

import pytest

from nni_nlp_bench.frameworks.naslib.locate import (
    BRANCH,
    FILES,
    REPOSITORY,
    NaslibError,
    find_naslib,
)
from nni_nlp_bench.frameworks.naslib.stubs import MissingLibraryError, stubs

ROOT = Path(__file__).parents[4]


def layout(folder: Path, without: str = "") -> Path:
    for name in FILES:
        if name != without:
            path = folder / "naslib" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    return folder


def test_folder_from_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NASLIB_HOME", str(layout(tmp_path)))
    assert find_naslib() == tmp_path / "naslib"


def test_error_for_missing_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NASLIB_HOME", str(tmp_path / "nothing"))
    with pytest.raises(NaslibError, match=f"git clone -b {BRANCH} {REPOSITORY}"):
        find_naslib()


@pytest.mark.parametrize("name", FILES)
def test_error_for_other_release(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NASLIB_HOME", str(layout(tmp_path, without=name)))
    with pytest.raises(NaslibError, match=f"{name} is missing: use branch {BRANCH}"):
        find_naslib()


def test_stubs_are_removed_afterwards() -> None:
    with stubs() as made:
        import pybnn.dngo

        absent = pybnn.dngo.DNGO
    assert made == {"pybnn"}
    assert not [name for name in sys.modules if name.partition(".")[0] == "pybnn"]
    with pytest.raises(ModuleNotFoundError):
        __import__("pybnn")
    with pytest.raises(MissingLibraryError, match="DNGO needs pybnn: install it"):
        absent(1)


def test_stub_classes_can_be_inherited_from() -> None:
    with stubs():
        import pybnn

        class Mine(pybnn.base.Model):
            """Never instantiated."""

    with pytest.raises(MissingLibraryError, match="Mine needs pybnn"):
        Mine()


def test_only_missing_known_libraries_get_stubs() -> None:
    with stubs() as made:
        import numpy

        assert numpy.__version__
        with pytest.raises(ModuleNotFoundError):
            __import__("a_library_that_nobody_knows")
    assert made == set()


def test_importing_the_package_does_not_import_naslib() -> None:
    code = """
import sys
import nni_nlp_bench.cli.app
from nni_nlp_bench.frameworks.naslib import compat, evaluation, strategies, suite
assert not [name for name in sys.modules if name.split('.')[0] in ('naslib', 'torch')]
"""
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


@pytest.mark.parametrize(
    "verb", [["naslib", "search", "--optimizer", "bananas"], ["naslib", "predictor", "lgb"]]
)
def test_error_of_commands_without_naslib(verb: list[str], tmp_path: Path) -> None:
    command = [Path(sys.executable).with_name("nni-nlp-bench"), *verb, "--out", tmp_path / "out"]
    environment = {**os.environ, "NASLIB_HOME": str(tmp_path)}
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "git clone -b Develop" in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.naslib
@pytest.mark.usefixtures("naslib_here")
class TestPrepared:
    """With the real NASLib."""

    def test_patches_are_listed(self) -> None:
        from nni_nlp_bench.frameworks.naslib.compat import prepare

        patches = prepare()
        assert "naslib.utils.count_parameters_in_MB" in patches.patched
        assert all(name in str(patches) for name in patches.stubs)

    def test_other_modules_are_unchanged(self) -> None:
        import sklearn.metrics

        from nni_nlp_bench.frameworks.naslib.locate import find_naslib

        assert not hasattr(collections, "Iterable")
        assert not [path for path in sys.path if path.startswith(str(find_naslib()))]
        with pytest.raises(TypeError):
            sklearn.metrics.mean_squared_error([1.0], [2.0], squared=False)

    def test_patched_functions(self) -> None:
        import torch
        from naslib.optimizers.discrete.bananas import optimizer
        from naslib.utils import compute_scores

        assert optimizer.count_parameters_in_MB(torch.nn.Linear(1000, 999)) == 0.999999
        true, predicted = [float(i) for i in range(30)], [i + 2.0 for i in range(30)]
        assert compute_scores(true, predicted)["rmse"] == pytest.approx(2.0)
        assert compute_scores(true, predicted)["kendalltau"] == pytest.approx(1.0)
