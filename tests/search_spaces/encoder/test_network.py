"""The network of an encoder: its parameters, its formulas, and what padding may not do."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable
from copy import deepcopy
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from nni_nlp_bench.core.errors import UserError
from search_spaces.base import SizedSpace
from search_spaces.encoder import EncoderArchitecture, EncoderError, EncoderLayer, moves
from search_spaces.encoder.architecture import OPERATIONS
from search_spaces.encoder.classifier import ClassifierSizes, EncoderClassifier
from search_spaces.encoder.network import EncoderNetwork, Sizes
from search_spaces.encoder.operations import transforms
from search_spaces.encoder.parameters import num_parameters
from search_spaces.encoder.published import NAMES, as_scored, published_encoder
from search_spaces.encoder.space import EncoderSpace
from search_spaces.sentence_space import SentenceSpace

sys.path.append(str(Path(__file__).parent))
import reference_encoder as reference

SEEDS = st.integers(0, 2**32 - 1)
LENGTHS = st.lists(st.integers(1, 12), min_size=2, max_size=4)
WORST = st.sampled_from([torch.nan, torch.inf, -torch.inf, 3e38, -1.0])
SMALL = Sizes(vocabulary=30, positions=16, embedding_size=6)
VECTORS, CLASSES = 5, 3
SCORED_COLUMN = "Number of Parameters"


def drawn(seed: int) -> EncoderArchitecture:
    return moves.sample(np.random.default_rng(seed))


def of_layers(*layers: EncoderLayer, hidden_size: int = 128) -> EncoderArchitecture:
    return EncoderArchitecture(hidden_size, layers)


def shaken(network: nn.Module) -> nn.Module:
    """In double precision and evaluation, with weights so large that softmax is far from even, and
    norms as if they had been trained."""
    network = network.double().eval()
    for name, weights in network.named_parameters():
        spread = 0.5 if "norm" in name else 0.15
        with torch.no_grad():
            weights.add_(spread * torch.randn_like(weights))
    return network


def network(encoder: EncoderArchitecture, sizes: Sizes = SMALL) -> EncoderNetwork:
    torch.manual_seed(0)
    built = shaken(EncoderNetwork(encoder, sizes))
    assert isinstance(built, EncoderNetwork)
    return built


def classifier(encoder: EncoderArchitecture) -> EncoderClassifier:
    torch.manual_seed(0)
    built = shaken(EncoderClassifier(encoder, ClassifierSizes(VECTORS, CLASSES)))
    assert isinstance(built, EncoderClassifier)
    return built


def texts(lengths: list[int], more: int = 0) -> tuple[Tensor, Tensor]:
    """Ids and mask of texts of these lengths, with `more` padding than they need."""
    ids = torch.randint(1, 30, (len(lengths), max(lengths) + more))
    return ids, torch.arange(ids.shape[1]) < torch.tensor(lengths)[:, None]


def close(found: Tensor, expected: np.ndarray) -> None:  # type: ignore[type-arg]
    np.testing.assert_allclose(found.detach().numpy(), expected, rtol=1e-8, atol=1e-8)


def test_parameters_are_those_of_the_published_scores(shared: Callable[[str], Path]) -> None:
    path = shared("nas-bench-bert/BERT_results_activation.csv")
    with path.open(encoding="utf-8") as file:
        rows = {row["ID"]: int(float(row[SCORED_COLUMN])) for row in csv.DictReader(file)}
    assert set(rows) == set(NAMES)
    assert all(num_parameters(as_scored(published_encoder(i))) == n for i, n in rows.items())
    own = sum(num_parameters(published_encoder(i)) == n for i, n in rows.items())
    assert own == sum(published_encoder(i) == as_scored(published_encoder(i)) for i in NAMES)


def test_parameters_of_the_first_published_encoder() -> None:
    """The published scores count two of its layers with a width of 1,024 instead of 512."""
    encoder = published_encoder("0")
    scored = 13_330_176
    assert EncoderSpace().parameters(as_scored(encoder), {}) == scored
    narrow, wide = (2 * 256 * f + 2 * f * f + 3 * f for f in (512, 1024))
    assert EncoderSpace().parameters(encoder, {}) == scored - 2 * (wide - narrow)


@given(SEEDS, st.integers(1, 9), st.integers(1, 9), st.sampled_from([1, 5, 128, 256]))
@settings(max_examples=15)
def test_parameters_are_those_of_the_arithmetic(
    seed: int, vocabulary: int, positions: int, embedding_size: int
) -> None:
    size = {
        "vocabulary": vocabulary,
        "positions": positions,
        "embedding_size": embedding_size,
    }
    space = EncoderSpace()
    built = sum(weight.numel() for weight in space.network(drawn(seed), size).parameters())
    assert built == space.parameters(drawn(seed), size)


@pytest.mark.parametrize("heads", [2, 4])
@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_is_what_its_formula_says(name: str, heads: int) -> None:
    layer = EncoderLayer(*OPERATIONS[name], heads, 512, 1)
    built = network(of_layers(layer, layer)).layers[0].mixing.operation
    values = torch.randn(3, 12, 128, dtype=torch.float64)
    lengths = [12, 1, 7]
    found = built(values, torch.arange(12) < torch.tensor(lengths)[:, None])
    for sentence, length, output in zip(values, lengths, found, strict=True):
        weights = reference.weights_of(built)
        expected = reference.operation(sentence[:length].numpy(), weights, layer)
        close(output[:length], expected)


@given(SEEDS, LENGTHS, st.integers(0, 4))
@settings(max_examples=8)
def test_the_network_is_what_its_formulas_say(seed: int, lengths: list[int], more: int) -> None:
    """Each text alone: neither content nor amount of padding changes anything."""
    built = network(drawn(seed))
    ids, mask = texts(lengths, more)
    weights = reference.weights_of(built)
    found = built.layer_outputs(ids, mask)
    for row, length in enumerate(lengths):
        first = reference.embedded(ids[row, :length].tolist(), weights)
        for output, expected in zip(
            found, reference.outputs(first, weights, drawn(seed)), strict=True
        ):
            close(output[row, :length], expected)
    assert torch.equal(built(ids, mask), found[-1])


@pytest.mark.parametrize("kind", ["DFT", "DCT"])
@pytest.mark.parametrize("length", [1, 2, 15, 512])
def test_a_transform_without_a_mask_is_that_of_the_library(kind: str, length: int) -> None:
    """In the release all of a padded text is transformed."""
    from scipy.fft import dct

    values = np.random.default_rng(0).normal(size=(length, 3))
    everywhere = torch.ones(1, length, dtype=torch.bool)
    matrices = transforms(kind, everywhere, torch.float64)[:, 0].numpy()
    if kind == "DFT":
        found, expected = (matrices[0] - 1j * matrices[1]) @ values, np.fft.fft(values, axis=0)
    else:
        found, expected = matrices[0] @ values, dct(values, axis=0)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("kind", ["DFT", "DCT"])
def test_a_transform_in_single_precision_loses_no_digits(kind: str) -> None:
    words = torch.ones(1, 512, dtype=torch.bool)
    single, double = (transforms(kind, words, dtype) for dtype in (torch.float32, torch.float64))
    assert float((single - double).abs().max()) < 1e-6


def test_attention_is_given_when_asked() -> None:
    layers = [EncoderLayer(*OPERATIONS[name], 4, 512, 1) for name in ("LT-DFT", "SA-WMA", "DSC-9")]
    encoder = of_layers(*layers, layers[0])
    built = network(encoder)
    ids, mask = texts([12, 5])
    found = built.attention(ids, mask)
    assert {number: shares.shape for number, shares in found.items()} == {
        1: (2, 4, 12, 12),
        2: (2, 2, 12, 12),
    }
    weights = reference.weights_of(built)
    first = reference.embedded(ids[1, :5].tolist(), weights)
    read = [first, *reference.outputs(first, weights, encoder)]
    for number in (1, 2):
        own = reference.within(weights, f"layers.{number}.mixing.operation.")
        expected = np.stack(reference.probabilities(read[number], own, encoder.layers[number]))
        close(found[number][1, :, :5, :5], expected)
        assert not found[number][1, :, :5, 5:].any()


def test_softmax_is_seen_once_by_a_hook() -> None:
    layer = EncoderLayer("DSC", 5, 4, 512, 1)
    built = network(of_layers(layer, layer))
    seen: list[Tensor] = []
    operation = built.layers[1].mixing.operation
    for name in ("softmax", "query"):
        operation.get_submodule(name).register_forward_hook(lambda *call: seen.append(call[2]))
    ids, mask = texts([4, 4])
    built(ids, mask)
    assert [tuple(output.shape) for output in seen] == [(2, 4, 64), (2, 2, 4, 4)]
    assert torch.equal(seen[1], built.attention(ids, mask)[1])


def test_operations_have_the_parts_that_scores_look_at() -> None:
    attends = {"query", "key", "value", "softmax", "dropout"}
    convolves = {"key_convolution", "kernels", "convolved_value"}
    for name, parts in {
        "SA-SDP": attends,
        "SA-WMA": attends | {"weight"},
        "DSC-5": attends | convolves,
        "LT-DFT": {"input"},
    }.items():
        layer = EncoderLayer(*OPERATIONS[name], 4, 512, 1)
        mixing = network(of_layers(layer, layer)).layers[0].mixing
        assert set(dict(mixing.operation.named_children())) == parts
        assert (mixing.output is None) == (name == "LT-DFT")


def test_types_are_added() -> None:
    built = network(published_encoder("0"))
    ids, mask = texts([3, 3])
    first, second = torch.zeros_like(ids), torch.ones_like(ids)
    assert torch.equal(built(ids, mask), built(ids, mask, first))
    assert not torch.allclose(built(ids, mask), built(ids, mask, second))


@given(SEEDS, LENGTHS, st.integers(0, 3))
@settings(max_examples=8)
def test_logits_are_what_their_formulas_say(seed: int, lengths: list[int], more: int) -> None:
    built = classifier(drawn(seed))
    _, mask = texts(lengths, more)
    vectors = torch.randn(*mask.shape, VECTORS, dtype=torch.float64)
    weights = reference.weights_of(built)
    expected = [
        reference.logits(v[:n].numpy(), weights, drawn(seed))
        for v, n in zip(vectors, lengths, strict=True)
    ]
    close(built(vectors, mask), np.stack(expected))


@given(SEEDS, LENGTHS, WORST)
@settings(max_examples=8)
def test_what_stands_in_padding_changes_nothing(
    seed: int, lengths: list[int], worst: float
) -> None:
    """Logits and gradients, while training too."""
    built = classifier(drawn(seed)).train()
    _, mask = texts(lengths, more=2)
    vectors = torch.randn(*mask.shape, VECTORS, dtype=torch.float64)

    def outcome(padding: float) -> list[Tensor]:
        torch.manual_seed(0)
        built.zero_grad()
        logits = built(vectors.masked_fill(~mask[..., None], padding), mask)
        logits.sum().backward()
        return [logits, *(w.grad for w in built.parameters() if w.grad is not None)]

    for clean, dirty in zip(outcome(0), outcome(worst), strict=True):
        assert torch.equal(clean, dirty)


def test_layer_outputs_have_the_shapes_of_the_interface() -> None:
    built = classifier(published_encoder("0"))
    _, mask = texts([4, 9])
    outputs = built.layer_outputs(torch.randn(2, 9, VECTORS, dtype=torch.float64), mask)
    assert [tuple(output.shape) for output in outputs] == [(2, 256, 9)] * 4
    assert not any(output[0, :, 4:].any() for output in outputs)


def test_no_two_layers_are_the_same_network() -> None:
    """Layers of the same weights, where the weights fit: all give something else."""
    built = [
        (layer, network(of_layers(layer, layer)))
        for layer in moves.ALL_LAYERS
        if layer.feed_forward == 512 and layer.feed_forwards == 1
    ]
    ids, mask = texts([9, 9])
    compared = 0
    for (one, first), (other, second) in combinations(built, 2):
        weights = first.state_dict()
        shapes = {name: value.shape for name, value in second.state_dict().items()}
        if {name: value.shape for name, value in weights.items()} == shapes:
            twin = deepcopy(second)
            twin.load_state_dict(weights)
            assert not torch.allclose(first(ids, mask), twin(ids, mask)), (one, other)
            compared += 1
    # Heads of SDP and of WMA; the four of DFT and DCT. Kernels and their heads change shapes.
    assert compared == 1 + 1 + 6


def test_the_seed_decides_the_weights() -> None:
    def weights() -> Tensor:
        torch.manual_seed(5)
        return nn.utils.parameters_to_vector(EncoderNetwork(drawn(0), SMALL).parameters())

    assert torch.equal(weights(), weights())


def test_weights_begin_as_berts() -> None:
    built = EncoderNetwork(published_encoder("0"), Sizes(vocabulary=3_000))
    words = built.embeddings.word_embeddings.weight
    assert abs(float(words.detach().std()) - 0.02) < 1e-3
    assert not words[0].any()
    assert not any(w.any() for name, w in built.named_parameters() if name.endswith("dense.bias"))


def test_a_network_of_other_widths_has_weights_of_its_own() -> None:
    built = EncoderClassifier(drawn(1), ClassifierSizes(VECTORS, CLASSES, dropout=0.3))
    other = built.resized(7, 2)
    assert other.sizes == ClassifierSizes(7, 2, dropout=0.3)
    assert other.encoder == built.encoder
    assert other(torch.randn(1, 2, 7), torch.ones(1, 2, dtype=torch.bool)).shape == (1, 2)


def test_bad_sizes_are_one_clear_line() -> None:
    with pytest.raises(UserError, match=r"dropout must be in \[0, 1\), got 1"):
        Sizes(dropout=1)
    with pytest.raises(UserError, match="positions must be at least 1, got 0"):
        Sizes(positions=0)
    with pytest.raises(UserError, match="classes must be at least 1, got 0"):
        ClassifierSizes(classes=0)
    with pytest.raises(EncoderError, match="unknown size 'width'; known: vocabulary, positions"):
        EncoderSpace().parameters(drawn(0), {"width": 3})
    with pytest.raises(EncoderError, match="vocabulary must be between 1 and"):
        EncoderSpace().parameters(drawn(0), {"vocabulary": 0})


def test_a_text_that_is_too_long_is_refused() -> None:
    ids, mask = texts([17, 2])
    with pytest.raises(UserError, match="reads at most 16 tokens of a text, got 17"):
        network(drawn(0))(ids, mask)


def test_the_space_has_the_optional_doors() -> None:
    assert isinstance(EncoderSpace(), SizedSpace)
    assert isinstance(EncoderSpace(), SentenceSpace)
