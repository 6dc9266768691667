"""Zero-cost scores of encoders: published values, definitions, the contract of each."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.registry import UnknownNameError
from nni_nlp_bench.evaluators.zero_cost import ZeroCostScorer
from nni_nlp_bench.zero_cost.base import SCORES
from nni_nlp_bench.zero_cost.encoders.base import ENCODER_SCORES
from nni_nlp_bench.zero_cost.encoders.scoring import EncoderScoring
from nni_nlp_bench.zero_cost.encoders.statistics import EncoderStatistics
from nni_nlp_bench.zero_cost.task import make_scoring
from nni_nlp_bench.zero_cost.transformers import principal_components
from search_spaces.encoder import EncoderArchitecture, EncoderLayer
from search_spaces.encoder.architecture import OPERATIONS
from search_spaces.encoder.network import EncoderNetwork, Sizes
from search_spaces.encoder.parameters import num_parameters
from search_spaces.encoder.published import NAMES, as_scored, published_encoder

Shared = Callable[[str], Path]
SIZES = Sizes(vocabulary=60, positions=24, embedding_size=16)
PARTS = {
    "SA-SDP": {"head_confidence": 3, "head_importance": 3, "synaptic_diversity": 4},
    "SA-WMA": {"head_confidence": 4, "head_importance": 4, "synaptic_diversity": 5},
    "LT-DFT": {"head_confidence": 1, "head_importance": 1, "synaptic_diversity": 1},
    "LT-DCT": {"head_confidence": 1, "head_importance": 1, "synaptic_diversity": 1},
    "DSC-5": {"head_confidence": 3, "head_importance": 4, "synaptic_diversity": 6},
    "DSC-9": {"head_confidence": 3, "head_importance": 4, "synaptic_diversity": 6},
}
"""How many matrices of one layer each score reads, as the release's code does."""


def encoder(*names: str) -> EncoderArchitecture:
    layers = (EncoderLayer(*OPERATIONS[name], 2, 512, 3) for name in names)
    return EncoderArchitecture(128, tuple(layers))


def tokens(texts: int = 3, length: int = 20) -> Tensor:
    return torch.randint(60, (texts, length), generator=torch.Generator().manual_seed(0))


def passes_of(architecture: EncoderArchitecture, **options: Any) -> EncoderStatistics:
    return EncoderStatistics(architecture, tokens(), SIZES, **options)


MIXED = encoder("SA-SDP", "LT-DFT", "DSC-5", "SA-WMA")


@pytest.mark.parametrize("as_published", [False, True])
def test_every_score_is_a_number_that_repeats(as_published: bool) -> None:
    before = torch.get_rng_state()
    first, again = (passes_of(MIXED, as_published=as_published) for _ in range(2))
    for name in ENCODER_SCORES:
        score = ENCODER_SCORES.get(name)
        found = score.of(first)
        assert found == score.of(again), name
        assert isinstance(found, float)
        assert math.isfinite(found), name
        assert isinstance(score.higher_is_better, bool)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("operation", list(OPERATIONS))
def test_the_parts_are_those_of_the_release(operation: str) -> None:
    statistics = passes_of(encoder(operation, operation))
    parts = PARTS[operation] | {
        "softmax_confidence": 1,
        "activation_distance": 3,
        "synaptic_saliency": 4,
    }
    for name, count in parts.items():
        summed, mean = (
            ENCODER_SCORES.get(name + end).of(statistics) for end in ("", "_normalised")
        )
        assert summed / mean == pytest.approx(2 * count)


def watched(network: EncoderNetwork) -> Iterator[tuple[str, Tensor]]:
    """Output of every module of a plain pass, by name."""
    seen: list[tuple[str, Tensor]] = []
    for name, module in network.named_modules():
        module.register_forward_hook(
            lambda _module, _inputs, out, name=name: seen.append((name, out))
        )
    network(tokens())
    yield from ((name, out) for name, out in seen if isinstance(out, Tensor))


def test_confidence_and_distance_are_those_of_a_plain_pass() -> None:
    torch.manual_seed(0)
    network = EncoderNetwork(MIXED, SIZES).eval()
    outputs = list(watched(network))
    heads = [
        out.max(dim=1).values.mean().item()
        for name, out in outputs
        if name.rpartition(".")[2] in ("query", "key", "value", "weight", "input")
        and not (name.endswith("weight") and "layers.3" not in name)
    ]
    assert len(heads) == 3 + 1 + 3 + 4
    statistics = passes_of(MIXED)
    assert ENCODER_SCORES.get("head_confidence").of(statistics) == pytest.approx(
        sum(heads), rel=1e-5
    )
    alike = 0
    for name, out in outputs:
        if name.endswith("activation"):
            signs = out[0] > 0
            alike += int((signs[:, None] == signs[None]).sum())
    assert ENCODER_SCORES.get("activation_distance").of(statistics) == alike
    attention = network.attention(tokens())
    shares = [attention[i].max(dim=1).values.mean().item() for i in (0, 2, 3)]
    (transformed,) = (out for name, out in outputs if name == "layers.1.mixing.operation")
    split = transformed.unflatten(-1, (2, 64)).softmax(-1)
    shares.append(split.max(dim=2).values.mean().item())
    found = ENCODER_SCORES.get("softmax_confidence").of(statistics)
    assert found == pytest.approx(sum(shares), rel=1e-5)


def test_saliency_is_that_of_a_plain_pass() -> None:
    torch.manual_seed(0)
    network = EncoderNetwork(MIXED, SIZES).eval()
    outputs = network(tokens())
    (outputs * torch.randn_like(outputs)).sum().backward()
    importance, nuclear = 0.0, 0.0
    for name, module in network.layers.named_modules():
        if isinstance(module, nn.Linear) and module.weight.grad is not None:
            if "feed_forward" in name:
                importance += (module.weight * module.weight.grad).abs().sum().item()
            else:
                norms = [
                    np.linalg.svd(m.detach().numpy())[1].sum()
                    for m in (module.weight, module.weight.grad)
                ]
                nuclear += float(np.prod(norms))
    statistics = passes_of(MIXED)
    found = {name: ENCODER_SCORES.get(name).of(statistics) for name in ENCODER_SCORES}
    assert found["synaptic_saliency"] == pytest.approx(importance, rel=1e-4)
    assert found["synaptic_diversity"] == pytest.approx(nuclear, rel=1e-4)


def test_norms_and_components_are_those_of_a_plain_pass() -> None:
    torch.manual_seed(0)
    network = EncoderNetwork(MIXED, SIZES).eval()
    norms = sum(
        module.weight.square().sum().item() / min(module.weight.shape)
        for module in network.layers.modules()
        if isinstance(module, nn.Linear)
    )
    components = 0
    for name, out in watched(network):
        if name.endswith("feed_forward.hidden.0"):
            values = out.flatten(0, 1).double().detach().numpy()
            singular = np.linalg.svd(values - values.mean(axis=0))[1]
            shares = np.cumsum(singular**2) / np.sum(singular**2)
            components += int(np.argmax(shares > 0.99)) + 1
    statistics = passes_of(MIXED)
    assert ENCODER_SCORES.get("zerolm").of(statistics) == pytest.approx(norms, rel=1e-5)
    found = ENCODER_SCORES.get("w_pca").of(statistics)
    assert found == num_parameters(MIXED) * components


def test_shared_passes_give_what_passes_of_their_own_give() -> None:
    """Gradients, recorded outputs and dropout do not depend on which score is asked first."""
    names = ["w_pca", "softmax_confidence", "synaptic_saliency"]
    alone = {
        name: ENCODER_SCORES.get(name).of(passes_of(MIXED, as_published=True)) for name in names
    }
    for order in (names, names[::-1]):
        shared_passes = passes_of(MIXED, as_published=True)
        assert {name: ENCODER_SCORES.get(name).of(shared_passes) for name in order} == alone


def test_principal_components_of_known_values() -> None:
    """Two directions of which the smaller has 2 % or .5 % of the variance."""
    rng = np.random.default_rng(0)
    directions = np.linalg.qr(rng.normal(size=(40, 40)))[0]
    for share, wanted in ((0.02, 2), (0.005, 1)):
        signs = np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]]) * np.sqrt([1 - share, share])
        values = torch.from_numpy(signs @ directions[:2] + 3)
        assert principal_components(values) == wanted
        assert principal_components(values.repeat(30, 1)) == wanted


def test_published_gradients_are_errors_of_rounding() -> None:
    """The sum of a layer norm's outputs is 0 whatever comes in."""
    own, published = (
        ENCODER_SCORES.get("synaptic_saliency").of(passes_of(MIXED, as_published=mode))
        for mode in (False, True)
    )
    assert 0 < published < 1e-5 * own


def test_published_parameters(shared: Shared) -> None:
    with shared("nas-bench-bert/BERT_results_activation.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 500
    for row in rows:
        statistics = EncoderStatistics(published_encoder(row["ID"]), tokens(), as_published=True)
        found = ENCODER_SCORES.get("num_params").of(statistics)
        assert found == float(row["Number of Parameters"])


def test_published_values_of_other_texts_are_near(shared: Shared) -> None:
    """The release read 128 texts of OpenWebText; these numbers depend little on the words."""
    with shared("nas-bench-bert/BERT_results_activation.csv").open() as file:
        row = list(csv.DictReader(file))[3]
    columns = {
        "head_confidence": ("Head Confidence", 0.02),
        "softmax_confidence": ("Head Softmax Confidence", 0.01),
        "activation_distance_normalised": ("Activation Distance Normalized", 0.1),
        "jacobian_cosine": ("Jacobian Score Normalized", 0.02),
    }
    scoring = EncoderScoring(tuple(columns), "pydoc-small", as_published=True)
    found = scoring.of(published_encoder(row["ID"]).to_json())
    for ours, (theirs, tolerance) in columns.items():
        assert found[ours] == pytest.approx(float(row[theirs]), rel=tolerance), ours


def test_published_activation_distances_count_an_activation_many_times(shared: Shared) -> None:
    """Each layer of each encoder that had been scored before left a counter behind, until the
    code was started anew."""
    with shared("nas-bench-bert/BERT_results_activation.csv").open() as file:
        rows = list(csv.DictReader(file))
    layers = [published_encoder(name).layers for name in NAMES]
    activations = np.array([sum(layer.feed_forwards for layer in each) for each in layers])
    total, mean = (
        np.array([float(row[f"Activation Distance{end}"]) for row in rows])
        for end in ("", " Normalized")
    )
    counters = np.round(total / mean) / activations
    left_behind = np.concatenate([[26], counters[:-1]])
    left_behind[365] = 0
    np.testing.assert_array_equal(counters, left_behind + [len(each) for each in layers])


def test_what_is_not_of_the_space_is_refused() -> None:
    with pytest.raises(UserError, match="unknown score of encoders 'naswot'; known: activation"):
        make_scoring("encoder", ("naswot",), "pydoc-small", None)
    with pytest.raises(UnknownNameError, match="unknown score 'head_confidence'"):
        make_scoring("rnn_cell", ("head_confidence",), "pydoc-small", None)
    with pytest.raises(
        UserError, match="'enas_cell' has no zero-cost scores; those with: rnn_cell, enc"
    ):
        make_scoring("enas_cell", ("naswot",), "pydoc-small", None)
    with pytest.raises(UserError, match="read 512 tokens, not 513"):
        EncoderScoring(("num_params",), "pydoc-small", steps=513)
    assert set(SCORES) & set(ENCODER_SCORES) >= {"num_params", "activation_distance"}


def test_an_encoder_can_be_preferred_by_a_score() -> None:
    prefer = ZeroCostScorer("head_confidence", space="encoder")
    assert prefer(encoder(*["SA-WMA"] * 4)) > prefer(encoder("LT-DFT", "LT-DFT"))


def test_scored_encoders_are_wide() -> None:
    statistics = passes_of(MIXED, as_published=True)
    assert statistics.encoder == as_scored(MIXED)
    assert statistics.encoder.hidden_size == 256
