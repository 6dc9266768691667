"""The network of an architecture: its parameters, its formulas, and what padding may not do."""

from __future__ import annotations

import sys
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from nni_nlp_bench.core.errors import UserError
from search_spaces.sequences import MaskedNorm, use_batch_statistics
from search_spaces.textnas import Arc, Layer, moves
from search_spaces.textnas.architecture import OPS
from search_spaces.textnas.network import Sizes, TextNas
from search_spaces.textnas.ops import make_op
from search_spaces.textnas.parameters import num_parameters
from search_spaces.textnas.published import published_arc

sys.path.append(str(Path(__file__).parent))
from reference_textnas import logits_of

VECTORS, WIDTH, CLASSES = 3, 4, 3
SMALL = Sizes(VECTORS, WIDTH, CLASSES)
SEEDS = st.integers(0, 2**32 - 1)
LENGTHS = st.lists(st.integers(1, 6), min_size=2, max_size=4)
WORST = st.sampled_from([torch.nan, torch.inf, -torch.inf, 3e38, -1.0])
VARIANTS = [
    ("skips", False),
    pytest.param("skips", True, marks=pytest.mark.slow),
    pytest.param("always", False, marks=pytest.mark.slow),
    ("always", True),
]


def drawn(seed: int, most: int = 7) -> Arc:
    """A random architecture of 1 to `most` layers."""
    rng = np.random.default_rng(seed)
    return moves.sample(rng, int(rng.integers(1, most + 1)), 5, OPS)


def network(arc: Arc, seed: int, sizes: Sizes = SMALL) -> TextNas:
    """In double precision; batch norms look as if they had been trained."""
    torch.manual_seed(seed)
    net = TextNas(arc, sizes).double()
    for module in net.modules():
        if isinstance(module, MaskedNorm):
            for values in (module.weight, module.bias, module.running_mean):
                torch.nn.init.normal_(values)
            torch.nn.init.uniform_(module.running_var, 0.5, 2.0)
    torch.nn.init.normal_(net.head.weights)
    return net


def sentences(lengths: list[int], seed: int, more: int = 0) -> tuple[Tensor, Tensor]:
    """Vectors and mask of sentences of these lengths, with `more` padding than they need."""
    words = torch.randn(len(lengths), max(lengths), VECTORS, generator=generator(seed))
    vectors = torch.full((len(lengths), max(lengths) + more, VECTORS), 7.0, dtype=torch.float64)
    vectors[:, : max(lengths)] = words
    return vectors, torch.arange(vectors.shape[1]) < torch.tensor(lengths)[:, None]


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(("classes", "count"), [(2, 6_138_650), (5, 6_139_421)])
def test_the_published_network_has_the_parameters_of_the_release(classes: int, count: int) -> None:
    net = TextNas(published_arc("published"), Sizes(classes=classes))
    assert sum(weight.numel() for weight in net.parameters()) == count


@given(SEEDS, st.integers(1, 9), st.integers(1, 3), st.integers(1, 6))
@settings(max_examples=30)
def test_parameters_are_those_of_the_arithmetic(
    seed: int, vectors: int, quarter: int, classes: int
) -> None:
    arc = drawn(seed)
    for norm in ("skips", "always"):
        sizes = Sizes(vectors, 4 * quarter, classes, batch_norm=norm)
        built = sum(weight.numel() for weight in TextNas(arc, sizes).parameters())
        assert built == num_parameters(arc, vectors, 4 * quarter, classes, batch_norm=norm)


@given(SEEDS, LENGTHS, st.integers(0, 3))
@settings(max_examples=25)
@pytest.mark.parametrize(("norm", "strict"), VARIANTS)
def test_the_network_is_what_its_formulas_say(
    norm: Any, strict: bool, seed: int, lengths: list[int], more: int
) -> None:
    net = network(drawn(seed), seed, replace(SMALL, batch_norm=norm, strict=strict)).eval()
    vectors, mask = sentences(lengths, seed, more)
    expected = logits_of(net, vectors.numpy(), lengths)
    np.testing.assert_allclose(net(vectors, mask).detach().numpy(), expected, rtol=1e-9, atol=1e-9)


def test_the_published_network_is_what_its_formulas_say() -> None:
    net = network(published_arc("published"), 0).eval()
    vectors, mask = sentences([5, 1, 3], 0, more=2)
    expected = logits_of(net, vectors.numpy(), [5, 1, 3])
    np.testing.assert_allclose(net(vectors, mask).detach().numpy(), expected, rtol=1e-9, atol=1e-9)


@given(SEEDS, LENGTHS, WORST)
@settings(max_examples=25)
@pytest.mark.parametrize(("norm", "strict"), VARIANTS)
def test_what_stands_in_padding_changes_nothing(
    norm: Any, strict: bool, seed: int, lengths: list[int], worst: float
) -> None:
    net = network(drawn(seed), seed, replace(SMALL, batch_norm=norm, strict=strict))
    plain, mask = sentences(lengths, seed, more=1)
    spoiled = torch.where(mask[..., None], plain, worst)
    for training in (False, True):
        found = []
        for words in (plain, spoiled):
            vectors = words.clone().requires_grad_()
            copy = deepcopy(net).train(training)
            torch.manual_seed(seed)
            logits = copy(vectors, mask)
            logits.square().sum().backward()
            assert vectors.grad is not None
            assert not vectors.grad[~mask].any()
            gradients = [weight.grad for weight in copy.parameters() if weight.grad is not None]
            assert all(gradient.isfinite().all() for gradient in gradients)
            found.append((logits, vectors.grad, *gradients, *copy.buffers()))
        assert all(map(torch.equal, *found))


@given(SEEDS, LENGTHS, st.integers(1, 4))
@settings(max_examples=25)
def test_in_strict_mode_the_amount_of_padding_changes_nothing(
    seed: int, lengths: list[int], more: int
) -> None:
    sizes = replace(SMALL, strict=True, dropout=0.0)
    for training, atol in ((False, 1e-10), (True, 1e-7)):
        short, long = (network(drawn(seed), seed, sizes).train(training) for _ in range(2))
        logits = short(*sentences(lengths, seed)), long(*sentences(lengths, seed, more))
        torch.testing.assert_close(*logits, rtol=0, atol=atol)
        for one, other in zip(short.buffers(), long.buffers(), strict=True):
            torch.testing.assert_close(one, other, rtol=0, atol=atol)
    vectors = sentences(lengths, seed), sentences(lengths, seed, more)
    single = [short.float().eval()(words.float(), mask) for words, mask in vectors]
    torch.testing.assert_close(*single, rtol=1e-5, atol=1e-5)


@given(SEEDS, LENGTHS)
@settings(max_examples=20)
def test_in_strict_mode_a_sentence_alone_is_what_it_is_in_a_batch(
    seed: int, lengths: list[int]
) -> None:
    net = network(drawn(seed), seed, replace(SMALL, strict=True)).eval()
    vectors, mask = sentences(lengths, seed)
    alone = [
        net(vectors[i : i + 1, :length], mask[i : i + 1, :length])
        for i, length in enumerate(lengths)
    ]
    torch.testing.assert_close(net(vectors, mask), torch.cat(alone), rtol=0, atol=1e-10)


def test_as_in_the_release_max_pool_sees_the_zeros_of_padding() -> None:
    arc = Arc((Layer(0, "gru"), Layer(0, "max_pool3")))
    for strict in (False, True):
        net = network(arc, 1, replace(SMALL, strict=strict)).eval()
        none, some = (net(*sentences([3, 3], 0, more)) for more in (0, 1))
        assert torch.allclose(none, some, atol=1e-10) == strict


def test_as_in_the_release_batch_norm_counts_padding_in_training() -> None:
    values = torch.tensor([[[1.0, 3.0, 0.0, 0.0]]])
    padding = torch.tensor([[[False, False, True, True]]])
    for strict, mean, spread in ((False, 1.0, 1.5), (True, 2.0, 1.0)):
        norm = MaskedNorm(1, strict=strict)
        normed = norm(values, padding)
        expected = [(value - mean) / (spread + norm.eps) ** 0.5 for value in (1.0, 3.0)]
        torch.testing.assert_close(normed, torch.tensor([[[*expected, 0.0, 0.0]]]))
        assert norm.running_mean == pytest.approx(0.1 * mean)


@pytest.mark.parametrize("strict", [False, True])
def test_one_word_alone_is_normed_by_what_was_learned(strict: bool) -> None:
    """It has no spread: a batch of one sentence of one word would end a training."""
    net = network(published_arc("published"), 0, replace(SMALL, strict=strict, dropout=0.0))
    expected, before = net.eval()(*sentences([1], 0)), [x.clone() for x in net.buffers()]
    torch.testing.assert_close(net.train()(*sentences([1], 0)), expected)
    use_batch_statistics(net.eval())
    torch.testing.assert_close(net(*sentences([1], 0)), expected)
    assert all(map(torch.equal, before, net.buffers()))


def test_batch_norm_stands_after_skips_or_after_all_layers_but_the_first() -> None:
    arc = Arc((Layer(0, "gru"), Layer(0, "gru"), Layer(0, "conv1", (0,)), Layer(1, "gru")))
    assert set(TextNas(arc, SMALL).norms) == {"2"}
    assert set(TextNas(arc, replace(SMALL, batch_norm="always")).norms) == {"1", "2", "3"}


@given(SEEDS, LENGTHS)
@settings(max_examples=20)
@pytest.mark.parametrize("training", [False, True])
def test_outputs_of_all_layers_are_zero_at_padding(
    training: bool, seed: int, lengths: list[int]
) -> None:
    net = network(drawn(seed), seed).train(training)
    vectors, mask = sentences(lengths, seed, more=2)
    outputs = net.layer_outputs(vectors, mask)
    assert len(outputs) == len(net.arc.layers)
    for output in outputs:
        assert output.shape == (len(lengths), WIDTH, vectors.shape[1])
        assert not output.transpose(1, 2)[~mask].any()


def test_a_state_goes_into_another_network_of_the_architecture() -> None:
    arc = drawn(3)
    one, other = network(arc, 0).eval(), network(arc, 1).eval()
    words = sentences([4, 2], 0)
    assert not torch.equal(one(*words), other(*words))
    other.load_state_dict(one.state_dict())
    assert torch.equal(one(*words), other(*words))


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("vectors", 0, "vectors must be at least 1, got 0"),
        ("width", -1, "width must be at least 1, got -1"),
        ("classes", 0, "classes must be at least 1, got 0"),
        ("dropout", 1.0, r"dropout must be in \[0, 1\), got 1.0"),
        ("dropout", float("nan"), r"dropout must be in \[0, 1\), got nan"),
        ("batch_norm", "never", "batch_norm must be skips or always, got 'never'"),
    ],
)
def test_impossible_sizes_are_refused(name: str, value: Any, message: str) -> None:
    with pytest.raises(UserError, match=message):
        replace(SMALL, **{name: value})


def test_attention_refuses_a_width_that_its_heads_do_not_share() -> None:
    with pytest.raises(UserError) as refused:
        TextNas(Arc((Layer(0, "attention"),)), replace(SMALL, width=6))
    assert str(refused.value) == "the width must be a multiple of 4, the heads of attention: got 6"
    TextNas(Arc((Layer(0, "gru"),)), replace(SMALL, width=6))
    with pytest.raises(UserError, match="unknown operation 'lstm'; known: conv1, "):
        make_op("lstm", 4, dropout=0.0, strict=False)
