"""NASLib is looked for and repaired on request only, and an unknown one is refused."""

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


def test_the_home_names_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NASLIB_HOME", str(layout(tmp_path)))
    assert find_naslib() == tmp_path / "naslib"


def test_a_missing_folder_is_told_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NASLIB_HOME", str(tmp_path / "nothing"))
    with pytest.raises(NaslibError, match=f"git clone -b {BRANCH} {REPOSITORY}"):
        find_naslib()


@pytest.mark.parametrize("name", FILES)
def test_an_unknown_layout_is_refused(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NASLIB_HOME", str(layout(tmp_path, without=name)))
    with pytest.raises(NaslibError, match=f"it has no {name}: use branch {BRANCH}"):
        find_naslib()


def test_stand_ins_are_gone_afterwards() -> None:
    with stubs() as made:
        import pybnn.dngo

        absent = pybnn.dngo.DNGO
    assert made == {"pybnn"}
    assert not [name for name in sys.modules if name.partition(".")[0] == "pybnn"]
    with pytest.raises(ModuleNotFoundError):
        __import__("pybnn")
    with pytest.raises(MissingLibraryError, match="DNGO needs pybnn: install it"):
        absent(1)


def test_a_class_may_inherit_from_a_stand_in() -> None:
    with stubs():
        import pybnn

        class Mine(pybnn.base.Model):
            """Never made."""

    with pytest.raises(MissingLibraryError, match="Mine needs pybnn"):
        Mine()


def test_what_is_installed_and_what_nobody_knows_have_no_stand_in() -> None:
    with stubs() as made:
        import numpy

        assert numpy.__version__
        with pytest.raises(ModuleNotFoundError):
            __import__("a_library_that_nobody_knows")
    assert made == set()


def test_importing_this_package_imports_no_naslib() -> None:
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
def test_a_verb_without_naslib_says_how_to_get_it(verb: list[str], tmp_path: Path) -> None:
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
    """Against the real NASLib."""

    def test_what_was_replaced_is_listed(self) -> None:
        from nni_nlp_bench.frameworks.naslib.compat import prepare

        replaced = prepare()
        assert "naslib.utils.count_parameters_in_MB" in replaced.repairs
        assert all(name in str(replaced) for name in replaced.stubs)

    def test_nothing_else_is_changed(self) -> None:
        import sklearn.metrics

        from nni_nlp_bench.frameworks.naslib.locate import find_naslib

        assert not hasattr(collections, "Iterable")
        assert not [path for path in sys.path if path.startswith(str(find_naslib()))]
        with pytest.raises(TypeError):
            sklearn.metrics.mean_squared_error([1.0], [2.0], squared=False)

    def test_the_repaired_functions_count_and_measure(self) -> None:
        import torch
        from naslib.optimizers.discrete.bananas import optimizer
        from naslib.utils import compute_scores

        assert optimizer.count_parameters_in_MB(torch.nn.Linear(1000, 999)) == 0.999999
        true, predicted = [float(i) for i in range(30)], [i + 2.0 for i in range(30)]
        assert compute_scores(true, predicted)["rmse"] == pytest.approx(2.0)
        assert compute_scores(true, predicted)["kendalltau"] == pytest.approx(1.0)
