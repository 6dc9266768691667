"""How well scores rank trainings: definitions, the packaged scores of `mini`, the command."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kendalltau
from typer.testing import CliRunner

import nni_nlp_bench as nb
from nni_nlp_bench.cli.app import app
from nni_nlp_bench.zero_cost.ranking import kendall_tau, pair_accuracy

SCORES = Path(nb.__file__).parent / "benchmarks/mini/scores.csv"

values = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(80, 130), st.integers(0, 1)),
    min_size=2,
    max_size=12,
)


@given(values)
def test_definitions(rows: list[tuple[int, int, int, int]]) -> None:
    scores, losses, sizes, groups = map(np.array, zip(*rows, strict=True))
    points, pairs = 0.0, 0
    for i in range(len(rows)):
        for j in range(i):
            if abs(sizes[i] - sizes[j]) <= 0.1 * max(sizes[i], sizes[j]):
                order = np.sign(scores[i] - scores[j]) * np.sign(losses[j] - losses[i])
                points += (order + 1) / 2
                pairs += 1
    accuracy, counted = pair_accuracy(scores, losses, sizes)
    assert counted == pairs
    assert accuracy == pytest.approx(points / pairs if pairs else math.nan, nan_ok=True)
    wanted = kendalltau(scores, -losses).statistic
    assert kendall_tau(scores, losses) == pytest.approx(wanted, nan_ok=True)
    untied_in = [np.subtract.outer(each, each) != 0 for each in (scores, losses)]
    same = groups[:, None] == groups
    product = np.sign(np.subtract.outer(scores, scores) * np.subtract.outer(losses, losses))
    untied = math.sqrt(np.prod([(each & same).sum() for each in untied_in]))
    wanted = -(product * same).sum() / untied if untied else math.nan
    assert kendall_tau(scores, losses, groups) == pytest.approx(wanted, nan_ok=True)


@pytest.fixture(scope="module")
def found() -> pd.DataFrame:
    return nb.evaluate_scores("mini", pd.read_csv(SCORES))


def test_scores_of_mini_beside_sizes_alone(found: pd.DataFrame) -> None:
    assert {*found.columns} == {"tau", "close_pairs", "trainings", "pairs"}
    assert found.loc["miniature_recall", "tau"] > 0.45
    assert found.loc["miniature_recall", "close_pairs"] > 0.6
    assert "parameters" in found.index
    page = (Path(__file__).parents[3] / "docs/mini.md").read_text("utf-8")
    for name, row in found.iterrows():
        tau, close = (f"{row[n]:.3f}".replace("0.", ".", 1) for n in ("tau", "close_pairs"))
        assert f"| `{name}` | {row['trainings']:.0f} | {tau} | {close} |" in page


def evaluate(*options: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["evaluate-scores", *options])
    return result.exit_code, result.stdout, result.stderr


def test_command(tmp_path: Path, found: pd.DataFrame) -> None:
    path = tmp_path / "scores.csv"
    pd.read_csv(SCORES)[["canonical_key", "naswot"]].to_csv(path, index=False)
    code, stdout, _ = evaluate(str(path), "--benchmark", "mini", "--json")
    assert code == 0
    rows = {row["score"]: row for row in json.loads(stdout)}
    assert rows.keys() < {*found.index}
    assert rows["naswot"] == {"score": "naswot", **found.loc["naswot"]}


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        ("a,b\n1,2\n", (), "the scores have no column 'canonical_key'"),
        ("canonical_key,a\nx,2\n", (), "mini has a loss of none of the architectures"),
        ("", (), "scores.csv is not a CSV file of scores: No columns"),
        (None, ("--size", "widths"), "the space does not count 'widths'; known: "),
        (None, ("--benchmark", "nas-bench-nlp/ptb-surrogate"), "answers for any architecture"),
    ],
)
def test_errors(
    tmp_path: Path, content: str | None, options: tuple[str, ...], message: str
) -> None:
    path = tmp_path / "scores.csv"
    path.write_text(SCORES.read_text("utf-8") if content is None else content, "utf-8")
    code, stdout, stderr = evaluate(str(path), "--benchmark", "mini", *options)
    assert (code, stdout, stderr.count("\n")) == (2, "", 1)
    assert message in stderr
