"""The network of a cell: its parameters, its formulas, what padding may not do, its errors."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from nni_nlp_bench.core.errors import UserError
from search_spaces.asr_cell import AsrCell, AsrCellError
from search_spaces.asr_cell.architecture import OPS
from search_spaces.asr_cell.ctc import ctc_loss, error_rate, greedy_decode
from search_spaces.asr_cell.network import AsrNetwork, Sizes, make_op
from search_spaces.asr_cell.parameters import SIZES
from search_spaces.asr_cell.space import AsrCellSpace
from search_spaces.base import SizedSpace
from search_spaces.testing import architectures

sys.path.append(str(Path(__file__).parent))
import reference_asr as reference

SPACE = AsrCellSpace()
SMALL = Sizes(features=3, groups=2, hidden_size=5, classes=4)
LENGTHS = st.lists(st.integers(1, 14), min_size=2, max_size=3)
WORST = st.sampled_from([torch.nan, torch.inf, -torch.inf, 3e38, -1.0])


def network(cell: AsrCell, sizes: Sizes = SMALL) -> AsrNetwork:
    """In double precision and evaluation, with norms as if they had been trained."""
    torch.manual_seed(0)
    built = AsrNetwork(cell, sizes).double().eval()
    for name, weights in built.named_parameters():
        if "norm" in name:
            with torch.no_grad():
                weights.add_(0.5 * torch.randn_like(weights))
    return built


def batch(lengths: list[int], more: int = 0) -> tuple[Tensor, Tensor]:
    """Features and lengths, with `more` padding than they need."""
    return torch.randn(len(lengths), max(lengths) + more, 3).double(), torch.tensor(lengths)


@given(architectures(SPACE), st.integers(1, 9), st.integers(1, 3), st.integers(1, 9))
@settings(max_examples=10)
def test_parameters_are_those_of_the_arithmetic(
    cell: AsrCell, features: int, groups: int, hidden_size: int
) -> None:
    size = {"features": features, "groups": groups, "hidden_size": hidden_size, "classes": 7}
    trained = (w for w in SPACE.network(cell, size).parameters() if w.requires_grad)
    assert sum(weight.numel() for weight in trained) == SPACE.parameters(cell, size)


@pytest.mark.parametrize("op", [op for op in OPS if op != "zero"])
def test_every_operation_is_what_its_formula_says(op: str) -> None:
    """Its dilation and groups, the four frames that it reads ahead, the ReLU clipped at 20."""
    torch.manual_seed(0)
    built = make_op(op, 6, SMALL).double().eval()
    values = 30 * torch.randn(2, 6, 17).double()
    found = built(values).detach()
    for sentence, output in zip(values, found, strict=True):
        expected = reference.convolution(sentence.T.numpy(), reference.weights_of(built), op)
        np.testing.assert_allclose(output.T.numpy(), expected, rtol=1e-9, atol=1e-9)
    assert found.min() == 0
    assert found.max() == 20


@given(architectures(SPACE), LENGTHS, st.integers(0, 5))
@settings(max_examples=5)
def test_the_network_is_what_its_formulas_say(cell: AsrCell, lengths: list[int], more: int) -> None:
    """Each sentence alone: neither content nor amount of padding changes anything."""
    built = network(cell)
    features, counts = batch(lengths, more)
    found = built(features, counts).detach().numpy()
    weights = reference.weights_of(built)
    frames = built.output_lengths(counts).tolist()
    assert frames == [-(-length // 4) for length in lengths]
    for sentence, length, output, count in zip(features, lengths, found, frames, strict=True):
        expected = reference.logits(sentence[:length].numpy(), weights, cell)
        assert len(expected) == count
        np.testing.assert_allclose(output[:count], expected, rtol=1e-8, atol=1e-8)


@given(architectures(SPACE), LENGTHS, WORST)
@settings(max_examples=5)
def test_what_stands_in_padding_changes_nothing(
    cell: AsrCell, lengths: list[int], worst: float
) -> None:
    """The loss and its gradients, while training too."""
    built = network(cell).train()
    features, counts = batch(lengths, more=3)
    outside = torch.arange(features.shape[1]) >= counts[:, None]
    targets = torch.ones(len(lengths), 1, dtype=torch.long)

    def outcome(padding: float) -> list[Tensor]:
        torch.manual_seed(0)
        built.zero_grad()
        logits = built(features.masked_fill(outside[..., None], padding), counts)
        loss = ctc_loss(logits, built.output_lengths(counts), targets, torch.ones_like(counts))
        loss.backward()
        return [loss, *(w.grad for w in built.parameters() if w.grad is not None)]

    for clean, dirty in zip(outcome(0), outcome(worst), strict=True):
        assert torch.equal(clean, dirty)


def test_sentences_without_lengths_are_whole() -> None:
    built = network(AsrCell.from_list("[[1,0],[2,1,0],[0,1,0,1]]"))
    features, counts = batch([9, 9])
    assert torch.equal(built(features), built(features, counts))


def test_a_network_of_a_model_space() -> None:
    pytest.importorskip("nni")
    space = SPACE.model_space(features=3, groups=2, hidden_size=5, classes=4, dropout=0.1)
    cell = AsrCell.from_list("[[1,0],[2,1,0],[0,1,0,1]]")
    frozen = space.freeze(space.to_sample(cell))
    assert frozen.cell == cell == space.export(frozen)
    assert frozen.sizes == Sizes(3, 2, 5, 4, dropout=0.1)
    assert frozen(torch.randn(2, 9, 3)).shape == (2, 3, 4)


def test_decoding_and_error_rate_by_hand() -> None:
    best = torch.tensor([[1, 1, 0, 1, 2, 2, 3, 3], [0, 0, 4, 4, 0, 0, 2, 2]])
    logits = torch.nn.functional.one_hot(best, 5).float()
    found = greedy_decode(logits, torch.tensor([6, 8]))
    assert found == [[1, 1, 2], [4, 2]]
    assert error_rate(found, [[1, 2], [4, 3, 2]]) == pytest.approx((1 + 1) / 5)
    assert error_rate([[], [1, 2, 3]], [[1], [1]]) == pytest.approx(3 / 2)
    with pytest.raises(UserError, match="at least one expected phoneme"):
        error_rate([[1]], [[]])


def test_bad_sizes_are_one_clear_line() -> None:
    cell = AsrCell.from_list("[[1,0],[2,1,0],[0,1,0,1]]")
    with pytest.raises(UserError, match=r"dropout must be in \[0, 1\), got 1"):
        Sizes(dropout=1)
    with pytest.raises(UserError, match="groups must be at least 1, got 0"):
        Sizes(groups=0)
    with pytest.raises(AsrCellError, match="unknown size 'width'; known: features, groups"):
        SPACE.parameters(cell, {"width": 3})
    with pytest.raises(AsrCellError, match="classes must be between 1 and"):
        SPACE.parameters(cell, {"classes": 0})
    assert isinstance(SPACE, SizedSpace)
    assert SPACE.parameters(cell, {}) == SPACE.parameters(cell, SIZES)
