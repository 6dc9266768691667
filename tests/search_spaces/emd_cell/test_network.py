"""The network of a cell: its parameters, its formulas, and what padding may not do."""

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
from search_spaces.base import SizedSpace
from search_spaces.emd_cell import EmdCell, moves
from search_spaces.emd_cell.architecture import OPS
from search_spaces.emd_cell.network import EmdCellNetwork
from search_spaces.emd_cell.ops import DropPath, make_op
from search_spaces.emd_cell.parameters import num_parameters
from search_spaces.emd_cell.published import published_cell
from search_spaces.emd_cell.sizes import Sizes
from search_spaces.emd_cell.space import EmdCellSpace
from search_spaces.sentence_space import SentenceSpace
from search_spaces.sequences import MaskedNorm, use_batch_statistics

sys.path.append(str(Path(__file__).parent))
from reference_emd_cell import logits_of

VECTORS, WIDTH, CLASSES, CELLS = 3, 4, 3, 3
SMALL = Sizes(VECTORS, WIDTH, CLASSES, CELLS)
SEEDS = st.integers(0, 2**32 - 1)
LENGTHS = st.lists(st.integers(1, 6), min_size=2, max_size=4)
WORST = st.sampled_from([torch.nan, torch.inf, -torch.inf, 3e38, -1.0])
VARIANTS = [
    ("concat", False),
    pytest.param("concat", True, marks=pytest.mark.slow),
    pytest.param("addnorm", False, marks=pytest.mark.slow),
    ("addnorm", True),
]
EXAMPLE = published_cell("example")


def drawn(seed: int) -> EmdCell:
    return moves.sample(np.random.default_rng(seed))


def network(cell: EmdCell, seed: int, sizes: Sizes = SMALL) -> EmdCellNetwork:
    """In double precision; norms look as if they had been trained."""
    torch.manual_seed(seed)
    net = EmdCellNetwork(cell, sizes).double()
    for module in net.modules():
        if isinstance(module, MaskedNorm | torch.nn.LayerNorm):
            torch.nn.init.normal_(module.weight)
            torch.nn.init.normal_(module.bias)
        if isinstance(module, MaskedNorm):
            torch.nn.init.normal_(module.running_mean)
            torch.nn.init.uniform_(module.running_var, 0.5, 2.0)
    return net


def sentences(lengths: list[int], seed: int, more: int = 0) -> tuple[Tensor, Tensor]:
    """Vectors and mask of sentences of these lengths, with `more` padding than they need."""
    generator = torch.Generator().manual_seed(seed)
    words = torch.randn(len(lengths), max(lengths), VECTORS, generator=generator)
    vectors = torch.full((len(lengths), max(lengths) + more, VECTORS), 7.0, dtype=torch.float64)
    vectors[:, : max(lengths)] = words
    return vectors, torch.arange(vectors.shape[1]) < torch.tensor(lengths)[:, None]


@given(SEEDS, st.integers(1, 9), st.integers(1, 5), st.integers(1, 6), st.integers(1, 5))
@settings(max_examples=15)
def test_parameters_are_those_of_the_arithmetic(
    seed: int, vectors: int, width: int, classes: int, cells: int
) -> None:
    for output in ("concat", "addnorm"):
        net = EmdCellNetwork(drawn(seed), Sizes(vectors, width, classes, cells, output=output))
        built = sum(weight.numel() for weight in net.parameters())
        assert built == num_parameters(drawn(seed), vectors, width, classes, cells, output=output)


def test_parameters_of_the_example_by_hand() -> None:
    """Width 2, vectors 3, two classes, one cell."""
    stem, inputs, head = 3 * 2 + 4, 2 * 2 * 2, 2 * 6 * 2 + 2
    std5, dil3, std3, pool = 2 * (10 + 4 + 4), 6 + 4 + 4, 2 * (6 + 4 + 4), 4
    total = stem + inputs + head + std5 + dil3 + std3 + 3 * pool
    assert num_parameters(EXAMPLE, 3, 2, 2, 1) == total
    assert EmdCellSpace().parameters(EXAMPLE, {"vectors": 3, "width": 2, "cells": 1}) == total


@given(SEEDS, LENGTHS, st.integers(0, 3))
@settings(max_examples=8)
@pytest.mark.parametrize(("output", "strict"), VARIANTS)
def test_the_network_is_what_its_formulas_say(
    output: Any, strict: bool, seed: int, lengths: list[int], more: int
) -> None:
    net = network(drawn(seed), seed, replace(SMALL, output=output, strict=strict)).eval()
    vectors, mask = sentences(lengths, seed, more)
    expected = logits_of(net, vectors.numpy(), lengths)
    np.testing.assert_allclose(net(vectors, mask).detach().numpy(), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("op", OPS)
def test_every_op_is_what_its_formula_says(op: str) -> None:
    cell = EmdCell.of([[(op, 0), (op, 1)], [(op, 1), (op, 2)], [(op, 0), (op, 3)]])
    net = network(cell, 0).eval()
    vectors, mask = sentences([9, 1, 5], 0, more=2)
    expected = logits_of(net, vectors.numpy(), [9, 1, 5])
    np.testing.assert_allclose(net(vectors, mask).detach().numpy(), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("kernel", [3, 5, 7])
def test_the_dilated_convolution_is_torchs_own(kernel: int) -> None:
    torch.manual_seed(0)
    op: Any = make_op(f"dilconv_{kernel}", WIDTH, strict=False).double()
    values = torch.randn(2, WIDTH, 9, dtype=torch.float64, requires_grad=True)
    weights = (values, op.depthwise.weight)
    found, own = op._dilated(values), op.depthwise(values)
    torch.testing.assert_close(found, own)
    upstream = torch.randn_like(own)
    gradients = (torch.autograd.grad(output, weights, upstream) for output in (found, own))
    torch.testing.assert_close(*gradients)


@given(SEEDS, LENGTHS, WORST)
@settings(max_examples=8)
@pytest.mark.parametrize(("output", "strict"), VARIANTS)
def test_what_stands_in_padding_changes_nothing(
    output: Any, strict: bool, seed: int, lengths: list[int], worst: float
) -> None:
    sizes = replace(SMALL, output=output, strict=strict, drop_path=0.3)
    net = network(drawn(seed), seed, sizes)
    plain, mask = sentences(lengths, seed, more=3)
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
@settings(max_examples=8)
@pytest.mark.parametrize("output", ["concat", "addnorm"])
def test_in_strict_mode_the_amount_of_padding_changes_nothing(
    output: Any, seed: int, lengths: list[int], more: int
) -> None:
    sizes = replace(SMALL, output=output, strict=True, dropout=0.0)
    for training, atol in ((False, 1e-10), (True, 1e-7)):
        short, long = (network(drawn(seed), seed, sizes).train(training) for _ in range(2))
        logits = short(*sentences(lengths, seed)), long(*sentences(lengths, seed, more))
        torch.testing.assert_close(*logits, rtol=0, atol=atol)
        for one, other in zip(short.buffers(), long.buffers(), strict=True):
            torch.testing.assert_close(one, other, rtol=0, atol=atol)


@given(SEEDS, LENGTHS)
@settings(max_examples=8)
@pytest.mark.parametrize("strict", [False, True])
def test_in_evaluation_a_sentence_alone_is_what_it_is_in_a_batch(
    strict: bool, seed: int, lengths: list[int]
) -> None:
    net = network(drawn(seed), seed, replace(SMALL, strict=strict)).eval()
    vectors, mask = sentences(lengths, seed)
    alone = [
        net(vectors[i : i + 1, :length], mask[i : i + 1, :length])
        for i, length in enumerate(lengths)
    ]
    torch.testing.assert_close(net(vectors, mask), torch.cat(alone), rtol=0, atol=1e-10)


@pytest.mark.parametrize("strict", [False, True])
def test_one_word_alone_is_normed_by_what_was_learned(strict: bool) -> None:
    """It has no spread: a batch of one sentence of one word would end a training."""
    net = network(EXAMPLE, 0, replace(SMALL, strict=strict, dropout=0.0))
    expected, before = net.eval()(*sentences([1], 0)), [x.clone() for x in net.buffers()]
    torch.testing.assert_close(net.train()(*sentences([1], 0)), expected)
    use_batch_statistics(net.eval())
    torch.testing.assert_close(net(*sentences([1], 0)), expected)
    assert all(map(torch.equal, before, net.buffers()))


@given(SEEDS, LENGTHS)
@settings(max_examples=8)
@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("output", ["concat", "addnorm"])
def test_outputs_of_all_cells_are_zero_at_padding(
    output: Any, training: bool, seed: int, lengths: list[int]
) -> None:
    net = network(drawn(seed), seed, replace(SMALL, output=output)).train(training)
    vectors, mask = sentences(lengths, seed, more=2)
    outputs = net.layer_outputs(vectors, mask)
    assert len(outputs) == CELLS
    for layer in outputs:
        assert layer.shape == (len(lengths), 3 * WIDTH, vectors.shape[1])
        assert not layer.transpose(1, 2)[~mask].any()
    torch.manual_seed(0)
    logits = net.logits(outputs, mask)
    assert logits.shape == (len(lengths), CLASSES)


@pytest.mark.parametrize("output", ["concat", "addnorm"])
def test_renumbered_nodes_are_the_same_network(output: Any) -> None:
    """With the weights moved along, two orders of the nodes give the same logits."""
    one = EmdCell.of([
        [("dilconv_3", 0), ("stdconv_3", 1)],
        [("max_pool_3x3", 0), ("skip_connect", 1)],
        [("avg_pool_3x3", 0), ("dilconv_5", 3)],
    ])  # fmt: skip
    other = EmdCell.of([one.nodes[1], one.nodes[0], [("avg_pool_3x3", 0), ("dilconv_5", 2)]])
    assert one == other
    sizes = replace(SMALL, output=output)
    net, moved = (network(cell, 0, sizes).eval() for cell in (one, other))
    channels = torch.arange(3 * WIDTH).reshape(3, WIDTH)[[1, 0, 2]].ravel()
    both = torch.cat([channels, 3 * WIDTH + channels])
    moved.stem.load_state_dict(net.stem.state_dict())
    moved.head.linear.load_state_dict(
        {"weight": net.head.linear.weight[:, both], "bias": net.head.linear.bias}
    )
    labels = {
        "edge_0_2": "edge_0_3", "edge_1_2": "edge_1_3", "edge_0_3": "edge_0_2",
        "edge_1_3": "edge_1_2", "edge_0_4": "edge_0_4", "edge_3_4": "edge_2_4",
    }  # fmt: skip
    for number, (old, new) in enumerate(zip(net.cells, moved.cells, strict=True)):
        for label, its in labels.items():
            new.edges[its].load_state_dict(old.edges[label].state_dict())
        state = old.frame.state_dict()
        for name, first in (("inputs.0.weight", 2), ("inputs.1.weight", 1)):
            if number >= first:
                state[name] = state[name][:, channels]
        if output == "addnorm":
            if number:
                weight = state["end.convolution.weight"]
                state["end.convolution.weight"] = weight[:, channels]
            for name in ("end.convolution.weight", "end.norm.weight", "end.norm.bias"):
                state[name] = state[name][channels]
        new.frame.load_state_dict(state)
    words = sentences([4, 2], 0)
    torch.testing.assert_close(net(*words), moved(*words), rtol=0, atol=1e-10)


def test_drop_path_leaves_edges_out_for_whole_sentences_and_scales_the_rest() -> None:
    values = torch.ones(4000, 2, 3)
    torch.manual_seed(0)
    dropped = DropPath(0.25).train()(values)
    kept = dropped[:, 0, 0] != 0
    assert kept.float().mean() == pytest.approx(0.75, abs=0.03)
    assert torch.equal(dropped, torch.where(kept[:, None, None], values / 0.75, 0))
    assert DropPath(0.25).eval()(values) is values
    assert DropPath(0.0).train()(values) is values


def test_drop_path_never_leaves_out_a_skip() -> None:
    skip, other = (
        EmdCell.of([[(op, 0), (op, 1)], [(op, 0), (op, 1)], [(op, 0), (op, 1)]])
        for op in ("skip_connect", "max_pool_3x3")
    )
    words = sentences([4, 3, 4, 4], 0)
    for cell, same in ((skip, True), (other, False)):
        sizes = replace(SMALL, dropout=0.0)
        without = network(cell, 0, sizes).train()(*words)
        torch.manual_seed(1)
        net = network(cell, 0, replace(sizes, drop_path=0.6)).train()
        assert torch.equal(net(*words), without) == same


def test_drop_path_is_off_in_evaluation() -> None:
    words = sentences([4, 3], 0)
    nets = [network(EXAMPLE, 0, replace(SMALL, drop_path=p)).eval() for p in (0.0, 0.9)]
    assert torch.equal(*(net(*words) for net in nets))


def test_a_state_goes_into_another_network_of_the_cell() -> None:
    one, other = network(EXAMPLE, 0).eval(), network(EXAMPLE, 1).eval()
    words = sentences([4, 2], 0)
    assert not torch.equal(one(*words), other(*words))
    other.load_state_dict(one.state_dict())
    assert torch.equal(one(*words), other(*words))


def test_the_classifier_takes_all_options_and_the_network_all_sizes() -> None:
    space = EmdCellSpace()
    assert isinstance(space, SentenceSpace)
    assert isinstance(space, SizedSpace)
    options = {
        "width": 4, "cells": 2, "dropout": 0.1, "drop_path": 0.3, "output": "addnorm",
        "strict": True,
    }  # fmt: skip
    assert tuple(options) == space.classifier_options
    net = space.classifier(EXAMPLE, vectors=5, classes=2, **options)
    assert net.sizes == Sizes(5, 4, 2, 2, 0.1, 0.3, "addnorm", True)
    assert space.network(EXAMPLE, {"vectors": 5, "cells": 1}).sizes == Sizes(5, cells=1)
    for ask in (space.network, space.parameters):
        with pytest.raises(UserError, match="unknown size 'layers'; known: vectors, width, clas"):
            ask(EXAMPLE, {"layers": 3})


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("vectors", 0, "vectors must be at least 1, got 0"),
        ("width", -1, "width must be at least 1, got -1"),
        ("classes", 0, "classes must be at least 1, got 0"),
        ("cells", 0, "cells must be at least 1, got 0"),
        ("dropout", 1.0, r"dropout must be in \[0, 1\), got 1.0"),
        ("drop_path", float("nan"), r"drop_path must be in \[0, 1\), got nan"),
        ("output", "sum", "output must be concat or addnorm, got 'sum'"),
    ],
)
def test_impossible_sizes_are_refused(name: str, value: Any, message: str) -> None:
    with pytest.raises(UserError, match=message):
        replace(SMALL, **{name: value})


def test_an_unknown_op_is_refused() -> None:
    for name in ("none", "stdconv_9", "avg"):
        with pytest.raises(UserError, match=f"unknown operation '{name}'; known: stdconv_3, "):
            make_op(name, 4, strict=False)
