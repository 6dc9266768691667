"""Zero-cost scores: published values, definitions on synthetic numbers, the contract of each."""

from __future__ import annotations

import csv
import gzip
import math
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from scipy.stats import kendalltau
from torch import Tensor

from nni_nlp_bench.data.batches import columns
from nni_nlp_bench.data.folder import read_folder
from nni_nlp_bench.training.language_model import LanguageModel
from nni_nlp_bench.training.settings import Sizes
from nni_nlp_bench.zero_cost.base import SCORES, score
from nni_nlp_bench.zero_cost.spectra import cosine_score, smallest_eigenvalue, spectrum_score
from nni_nlp_bench.zero_cost.statistics import NetworkStatistics
from search_spaces.rnn_cell import Recipe
from search_spaces.rnn_cell.network import RecurrentCell
from search_spaces.rnn_cell.published import named_recipe, published_recipe

WORDS = 40
PUBLISHED = (
    "layer1_hidden_covariance",
    "layer2_hidden_covariance",
    "layer3_hidden_covariance",
    "activation_distance",
    "jacobian_cosine",
)
# Kendall's tau of the shared rows with final PTB test losses, where all columns are there.
TAUS = {
    "layer1_hidden_covariance": -0.367,
    "layer2_hidden_covariance": -0.308,
    "layer3_hidden_covariance": -0.239,
    "more_noised_jacobian_cosine": -0.276,
    "large_noise_jacobian_cosine": 0.270,
    "hidden_synaptic_saliency": 0.271,
    "jacobian_cosine": -0.261,
    "activation_distance": -0.215,
    "synaptic_saliency": 0.123,
    "num_params": -0.013,
}


def tokens(time: int = 9, batch: int = 6) -> Tensor:
    return torch.randint(WORDS, (time, batch), generator=torch.Generator().manual_seed(0))


def model(recipe: Recipe | None = None, layers: int = 3) -> LanguageModel:
    recipe = recipe or named_recipe("lstm")
    return LanguageModel(recipe, WORDS, Sizes(8, 12, layers), weight_drop="trained")


def rows(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt") as stream:
        return [row for row in csv.DictReader(stream) if row["layer1_hidden_covariance"]]


@pytest.mark.slow
def test_published_values_are_reproduced(shared: Callable[[str], Path]) -> None:
    batch = columns(read_folder(shared("data/ptb")).test, 50)[:70]
    published = rows(shared("nas-bench-nlp/ptb_multi_run.csv.gz"))
    for row in published[:: len(published) // 3]:
        recipe = Recipe.from_json(row["recipe"])
        statistics = NetworkStatistics(recipe, lambda r=recipe: LanguageModel(r, 10_000), batch)
        for name in PUBLISHED:
            found, wanted = SCORES.get(name).of(statistics), float(row[name])
            assert found == pytest.approx(wanted, rel=1e-5), (row["recipe_id"], name)
        noised = SCORES.get("more_noised_jacobian_cosine").of(statistics)
        assert noised == pytest.approx(float(row["more_noised_jacobian_cosine"]), rel=1e-4)
        # The published column has the other sign.
        large = SCORES.get("large_noise_jacobian").of(statistics)
        assert large == pytest.approx(-float(row["large_noise_jacobian"]), rel=1e-3)


def test_the_published_rank_correlations(shared: Callable[[str], Path]) -> None:
    table = rows(shared("nas-bench-nlp/ptb_multi_run.csv.gz"))
    kept = [row for row in table if row["test_loss"] and all(row[name] for name in TAUS)]
    assert len(kept) == 6_666
    losses = [float(row["test_loss"]) for row in kept]
    for name, wanted in TAUS.items():
        found = kendalltau([float(row[name]) for row in kept], losses).statistic
        assert found == pytest.approx(wanted, abs=5e-4), name
        if abs(wanted) > 0.1 and name != "large_noise_jacobian":
            assert SCORES.get(name).higher_is_better == (wanted < 0), name


def test_miniature_scores_rank_cells_that_did_not_choose_them(
    shared: Callable[[str], Path],
) -> None:
    """On a part of the half of the cells that was held out; hidden covariance reaches .37."""
    losses: dict[str, list[float]] = {}
    for row in rows(shared("nas-bench-nlp/ptb_multi_run.csv.gz")):
        if row["test_loss"]:
            losses.setdefault(row["recipe"], []).append(float(row["test_loss"]))
    held_out = {}
    for text in list(losses)[::6]:
        recipe = Recipe.from_json(text)
        if int(recipe.canonical_key[:8], 16) % 2:
            held_out[recipe] = float(np.mean(losses[text]))
    recall = [
        SCORES.get("miniature_recall").of(NetworkStatistics(r, model, tokens())) for r in held_out
    ]
    assert len(recall) > 150
    assert kendalltau(recall, list(held_out.values())).statistic < -0.48


@pytest.mark.parametrize("name", list(SCORES))
def test_every_score_is_a_number_that_repeats_and_leaves_the_model_alone(name: str) -> None:
    network = model()
    before = [parameter.detach().clone() for parameter in network.parameters()]
    first, again = score(name, network, tokens()), score(name, network, tokens())
    assert first == again
    assert math.isfinite(first)
    assert isinstance(first, float)
    assert isinstance(SCORES.get(name).higher_is_better, bool)
    after = list(network.parameters())
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))
    assert all(parameter.grad is None for parameter in after)


@pytest.mark.parametrize("name", list(SCORES))
@pytest.mark.parametrize("recipe_id", [1_000_000, 1_004_163, 1_007_003, 1_012_004])
def test_shared_passes_give_what_passes_of_its_own_give(name: str, recipe_id: int) -> None:
    network = model(published_recipe(recipe_id))
    shared_passes = NetworkStatistics.through(network, tokens())
    for other in SCORES:
        SCORES.get(other).of(shared_passes)
    alone = score(name, network, tokens())
    together = SCORES.get(name).of(shared_passes)
    assert together == pytest.approx(alone, rel=1e-5, nan_ok=True)


def plain_pass(network: LanguageModel) -> tuple[Tensor, Tensor, list[list[Tensor]]]:
    """Embedded tokens, outputs and the states before each step of each layer, step by step."""
    embedded = network.eval().embed(tokens()).detach().requires_grad_()
    value, states = embedded, []
    for layer in network.layers:
        assert isinstance(layer, RecurrentCell)
        current, outputs, seen = layer.zero_states(value), [], []
        for step in value:
            seen.append(current[0])
            current = layer(step, current)
            if current[0].requires_grad:
                current[0].retain_grad()
            outputs.append(current[0])
        value = torch.stack(outputs)
        states.append(seen)
    return embedded, value, states


@pytest.mark.parametrize("name", ["lstm", "gru", "rnn"])
def test_gradients_are_those_of_the_plain_computation(name: str) -> None:
    network = model(named_recipe(name))
    statistics = NetworkStatistics.through(network, tokens())
    embedded, outputs, states = plain_pass(network)
    outputs.backward(torch.ones_like(outputs), retain_graph=True)
    assert embedded.grad is not None
    wanted = embedded.grad.transpose(0, 1).flatten(1).numpy()
    np.testing.assert_allclose(statistics.jacobian, wanted, rtol=1e-4, atol=1e-6)
    saliency = sum(
        (state.detach() * state.grad).abs().sum().item()
        for layer in states
        for state in layer[1:]
        if state.grad is not None
    )
    found = SCORES.get("hidden_synaptic_saliency").of(statistics)
    assert found == pytest.approx(saliency, rel=1e-4)


def test_codes_of_synthetic_activations() -> None:
    """Two sequences whose codes agree in 3 of 4 places, and one that agrees with neither."""

    signs = torch.tensor([[[1.0, 1], [1, 1], [-1, -1]], [[1, -1], [1, 1], [-1, 1]]])
    trace = {"h_prev_0": torch.zeros(2, 3, 2), "h_new_0": signs}
    statistics: Any = SimpleNamespace(
        tokens=torch.zeros(2, 3), recipe=named_recipe("rnn"), traces=[trace]
    )
    kernel = np.array([[4, 3, 0], [3, 4, 1], [0, 1, 4]])
    wanted = math.log(np.linalg.det(kernel))
    for name in ("activation_distance", "naswot"):
        assert SCORES.get(name).of(statistics) == pytest.approx(wanted)
    assert SCORES.get("linear_regions").of(statistics) == 4


def test_spectra_of_known_matrices() -> None:
    rng = np.random.default_rng(0)
    independent = np.linalg.qr(rng.normal(size=(50, 4)) - 0)[0].T
    independent = independent - independent.mean(axis=1, keepdims=True)
    twins = np.stack([independent[0], independent[0]])
    assert spectrum_score(twins) == pytest.approx(
        -(math.log(2) + 0.5 + math.log(1e-5) + 1e5), rel=0.01
    )
    assert smallest_eigenvalue(twins) == pytest.approx(0, abs=1e-9)
    assert spectrum_score(independent) > spectrum_score(twins)
    same = np.ones((3, 5))
    assert cosine_score(same) == pytest.approx(0.5)
    assert cosine_score(np.eye(3)) == pytest.approx(1)
    constant = np.stack([np.ones(5), np.arange(5.0)])
    assert math.isnan(spectrum_score(constant))
    assert math.isnan(cosine_score(np.zeros((2, 3))))
    assert math.isnan(spectrum_score(np.array([[1.0, np.inf, 2.0], [1.0, 2.0, 0.0]])))


def test_a_layer_that_is_not_there_has_no_covariance() -> None:
    assert math.isnan(score("layer2_hidden_covariance", model(layers=1), tokens()))


def test_the_kernels_condition_is_one_for_orthogonal_gradients() -> None:
    network = model(layers=1)
    found = score("ntk_condition", network, tokens(batch=4))
    outputs = network.eval()(tokens(batch=4)).raw
    gradients = []
    for i in range(4):
        parts = torch.autograd.grad(
            outputs[:, i].sum(), list(network.layers.parameters()), retain_graph=True
        )
        gradients.append(torch.cat([part.flatten() for part in parts]).double().numpy())
    values = np.linalg.eigvalsh(np.stack(gradients) @ np.stack(gradients).T)
    assert found == pytest.approx(values[-1] / values[0], rel=1e-3)
    twins = tokens(batch=1).repeat(1, 2)
    assert score("ntk_condition", network, twins) >= 1e5
