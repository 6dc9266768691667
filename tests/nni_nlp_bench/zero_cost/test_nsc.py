"""Neural Spectral Capacity: golden values, its integral, published ranks; the default scores."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kendalltau, spearmanr

from nni_nlp_bench.zero_cost.base import ArchitectureScore
from nni_nlp_bench.zero_cost.encoders.base import ENCODER_SCORES
from nni_nlp_bench.zero_cost.encoders.nsc import NSC_EXACT
from nni_nlp_bench.zero_cost.registry import DEFAULT_SCORES, default_scorer, scores_of
from nni_nlp_bench.zero_cost.spectral_capacity import (
    Variance,
    kaiming,
    normal,
    spectral_capacity,
    xavier,
)
from search_spaces.encoder.published import published_encoder
from search_spaces.registry import SPACES, get_space
from search_spaces.tabular import TabularSpace


@pytest.mark.parametrize(
    ("shape", "variance", "wanted", "digits"),
    [
        ((2000, 2000), xavier, 1160.9, 1),
        ((4000, 1000), xavier, 908.7, 1),
        ((512, 512), normal, 88.577, 3),
        ((2048, 512), normal, 293.727, 3),
    ],
)
def test_golden_values(
    shape: tuple[int, int], variance: Variance, wanted: float, digits: int
) -> None:
    assert round(spectral_capacity(*shape, variance), digits) == wanted
    assert spectral_capacity(*shape, xavier) == spectral_capacity(*shape[::-1], xavier)


@given(st.integers(1, 5000), st.integers(1, 5000), st.sampled_from([xavier, kaiming, normal]))
def test_the_closed_form_is_the_integral(rows: int, columns: int, variance: Variance) -> None:
    """The integral by the midpoint rule over the angle t of v = 1 + g - 2 sqrt(g) cos t."""
    small, large = sorted((rows, columns))
    ratio, gain = small / large, large * variance(rows, columns)
    angles = (np.arange(4000) + 0.5) * math.pi / 4000
    eigenvalues = 1 + ratio - 2 * math.sqrt(ratio) * np.cos(angles)
    density = 2 * np.sin(angles) ** 2 / eigenvalues / 4000
    wanted = small * float(np.log1p(gain * eigenvalues) @ density)
    assert spectral_capacity(rows, columns, variance) == pytest.approx(wanted, rel=1e-9)


def test_it_is_the_log_determinant_of_a_random_matrix() -> None:
    weights = np.random.default_rng(0).normal(size=(300, 500)) * math.sqrt(xavier(300, 500))
    _, wanted = np.linalg.slogdet(np.eye(300) + weights @ weights.T)
    assert spectral_capacity(300, 500) == pytest.approx(wanted, rel=2e-3)


@pytest.mark.parametrize(
    ("name", "tau"), [("nsc", 0.7125), ("nsc_published", 0.6951), ("nsc_exact", 0.6355)]
)
def test_ranks_of_nas_bench_bert(name: str, tau: float, shared: Callable[[str], Path]) -> None:
    rows = pd.read_csv(shared("nas-bench-bert/BERT_results_activation.csv"))
    score = ENCODER_SCORES.get(name)
    assert isinstance(score, ArchitectureScore)
    found = [score.of_architecture(published_encoder(str(name))) for name in rows["ID"]]
    assert round(kendalltau(found, rows["GLUE Score"]).statistic, 4) == tau
    if name == "nsc":
        true_ranks = rows["GLUE Score"].rank(ascending=False)
        best = pd.Series(found).nlargest(10).index
        assert (true_ranks[best].min(), true_ranks[best].max()) == (3, 121)
    if name == "nsc_published":
        assert round(spearmanr(found, rows["GLUE Score"]).statistic, 3) == 0.884


def test_exact_matrices_are_those_of_the_network() -> None:
    torch = pytest.importorskip("torch")
    encoder_network = get_space("encoder").network
    for name in ("0", "1", "2"):
        encoder = published_encoder(name)
        counted = sum(
            math.prod(shape)
            for layer in encoder.layers
            for shape in NSC_EXACT.matrices(layer, encoder.hidden_size)
        )
        network = encoder_network(encoder, {"vocabulary": 5, "positions": 5})
        matrices = [
            module.weight.numel()
            for module in network.get_submodule("layers").modules()
            if isinstance(module, torch.nn.Linear)
            or (isinstance(module, torch.nn.Conv1d) and module.groups == 1)
        ]
        assert counted == sum(matrices)


@pytest.mark.parametrize("name", list(SPACES))
def test_default_scores_need_the_architecture_alone(name: str) -> None:
    space = get_space(name)
    scorer = default_scorer(space)
    if name in DEFAULT_SCORES:
        assert scores_of(name).get(DEFAULT_SCORES[name]).higher_is_better
    if scorer is None:
        assert not hasattr(space, "parameters")
        return
    sampled = [space.sample(np.random.default_rng(seed)) for seed in range(2)]
    found = [scorer(each) for each in sampled]
    assert len(set(found)) > 1
    assert all(math.isfinite(value) for value in found)
    wrapped = default_scorer(TabularSpace(space, sampled))
    assert wrapped is not None
    assert wrapped(sampled[0]) == found[0]
