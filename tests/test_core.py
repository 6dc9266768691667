"""The package without its extras: `make test-core` runs these in an environment of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

import nni_nlp_bench as nb
from nni_nlp_bench.core.extras import EXTRAS, MissingExtraError
from nni_nlp_bench.strategies.registry import STRATEGIES, UnavailableError, check_available
from nni_nlp_bench.zero_cost.registry import DEFAULT_SCORES, default_scorer
from search_spaces.registry import SPACES, get_space

pytestmark = pytest.mark.skipif(
    find_spec("torch") is not None, reason="torch is installed: run make test-core"
)
ROOT = Path(__file__).parents[1]
COMMAND = Path(sys.executable).with_name("nni-nlp-bench")
CORE_TESTS = (
    "contract/test_strategies.py",
    "nni_nlp_bench/benchmarks/*.py",
    "nni_nlp_bench/cli/test_arch.py",
    "nni_nlp_bench/cli/benchmark/*.py",
    "nni_nlp_bench/cli/test_report.py",
    "nni_nlp_bench/cli/test_search.py",
    "nni_nlp_bench/test_api.py",
    "nni_nlp_bench/cli/test_study.py",
    "nni_nlp_bench/evaluators/test_journal.py",
    "nni_nlp_bench/evaluators/test_simulation.py",
    "nni_nlp_bench/reports/*.py",
    "nni_nlp_bench/strategies/test_loop.py",
    "nni_nlp_bench/strategies/test_study.py",
    "nni_nlp_bench/zero_cost/test_maximize_nsc.py",
    "nni_nlp_bench/zero_cost/test_nsc.py",
    "search_spaces/*/test_architecture.py",
    "search_spaces/*/test_canonical.py",
    "search_spaces/*/test_encoding.py",
    "search_spaces/*/test_moves.py",
)
"""Test modules that need no extra, by pattern below `tests`."""


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([COMMAND, *arguments], capture_output=True, text=True, check=False)


def test_scores_of_architectures_need_no_network() -> None:
    for name, score in DEFAULT_SCORES.items():
        space = get_space(name)
        sampled = space.sample(np.random.default_rng(0))
        found = nb.score(sampled, score, space=name)
        assert found[score].tolist() == [default_scorer(space)(sampled)]
    with pytest.raises(MissingExtraError, match="torch"):
        nb.score(get_space("encoder").parse("0"), "zerolm", space="encoder")


def test_no_extra_is_installed() -> None:
    assert [library for library in EXTRAS if find_spec(library)] == []


def test_the_tests_of_the_core_are_not_skipped(request: pytest.FixtureRequest) -> None:
    tests = ROOT / "tests"
    collected = {item.path for item in request.session.items}
    if not {tests / "test_imports.py", tests / "contract" / "test_spaces.py"} <= collected:
        pytest.skip("a part of the tests was chosen")
    expected = {file for pattern in CORE_TESTS for file in tests.glob(pattern)}
    modules = {file for file in expected if file.name.startswith("test_")}
    assert modules - collected == set()


def test_compare_study_and_report(tmp_path: Path) -> None:
    out, page = tmp_path / "compare", tmp_path / "report.html"
    names = "random,regularized_evolution,local_search,bayesian,tpe"
    budget = ("--trials", "25", "--seeds", "2")
    compared = run("compare", "--strategies", names, *budget, "--out", str(out))
    assert compared.returncode == 0, compared.stderr
    assert {"trials.csv", "summary.csv", "best.json", "curve.png"} <= {
        file.name for file in out.iterdir()
    }
    study = (
        "study",
        "--benchmark",
        "mini",
        "--strategies",
        "random,hyperband",
        "--trainings",
        "10",
    )
    studied = run(*study, "--seeds", "3", "--out", str(tmp_path / "study"))
    assert studied.returncode == 0, studied.stderr
    reported = run("report", str(out), "--out", str(page))
    assert reported.returncode == 0, reported.stderr
    assert "regularized_evolution" in page.read_text("utf-8")


def test_everything_is_listed() -> None:
    listed = run("list", "--json")
    parts = json.loads(listed.stdout)
    assert {space["name"] for space in parts["spaces"]} == set(SPACES)
    assert {strategy["name"] for strategy in parts["strategies"]} == set(STRATEGIES)
    assert "missing" not in parts, "names and descriptions need no extra"


@pytest.mark.parametrize(
    ("arguments", "extra"),
    [
        (("train", "lm", "--architecture", "lstm", "--corpus", "pydoc-small"), "torch"),
        (
            ("one-shot", "--strategy", "enas", "--space", "enas_cell", "--data", "pydoc-small"),
            "nni",
        ),
        (("compare", "--strategies", "policy_rl"), "nni"),
        (("compare", "--strategies", "random", "--warm-start", "jacobian_cosine"), "torch"),
    ],
)
def test_one_line_names_the_extra(arguments: tuple[str, ...], extra: str, tmp_path: Path) -> None:
    done = run(*arguments, "--out", str(tmp_path / "out"))
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert f"nni-nlp-bench[{extra}]" in done.stderr


@pytest.mark.parametrize("name", list(SPACES))
def test_networks_name_their_extra(name: str) -> None:
    space = get_space(name)
    architecture = space.sample(np.random.default_rng(0))
    with pytest.raises(MissingExtraError, match=r"\[torch\]"):
        space.network(architecture, {})
    with pytest.raises(MissingExtraError, match=r"\[(torch|nni)\]"):
        space.model_space()


def test_a_strategy_of_nni_is_unavailable() -> None:
    with pytest.raises(UnavailableError, match=r"\[nni\]"):
        check_available("policy_rl")
