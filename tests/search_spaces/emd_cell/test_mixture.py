"""The mixture of all operations against their weighted sum."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from emd_supernets import (
    MARKED_VARIANTS,
    SEEDS,
    VARIANTS,
    VECTORS,
    drawn,
    mix_only,
    supernet,
    words,
)
from nni.nas.strategy import (
    DARTS,
    GumbelDARTS,
)
from torch import Tensor

from search_spaces.emd_cell.architecture import EDGES, OPS
from search_spaces.sequences import padding_of, stem_input, use_batch_statistics

pytestmark = pytest.mark.usefixtures("quiet")


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("output", "strict"), MARKED_VARIANTS)
def test_a_mixture_of_one_cell_is_that_network(output: str, strict: bool, seed: int) -> None:
    space, cell = supernet(DARTS(), output=output, strict=strict), drawn(seed)
    mix_only(space, cell)
    assert space.current() == cell
    assert space.edges.export({}) == space.to_sample(cell)
    frozen = space.freeze(space.to_sample(cell))
    torch.testing.assert_close(space.eval()(*words()), frozen.eval()(*words()), rtol=0, atol=1e-10)
    for net in (space, frozen):
        use_batch_statistics(net)
    torch.testing.assert_close(space(*words()), frozen(*words()), rtol=0, atol=1e-10)
    torch.testing.assert_close(
        space.train()(*words()), frozen.train()(*words()), rtol=0, atol=1e-10
    )


def op_by_op(space: Any, vectors: Tensor, mask: Tensor) -> Tensor:
    """Logits of a mixture as the weighted sum of all ops on all edges, one after another."""
    padding, shares = padding_of(mask), space.edges.edge_weights()

    def layer(cell: Any, previous: Tensor, last: Tensor) -> Tensor:
        sources = cell.frame.sources(previous, last)
        for node in range(3):
            terms = [
                share * cell.edges[f"edge_{source}_{node + 2}"][op](sources[source], padding)
                for (number, source), row in zip(EDGES, shares, strict=True)
                for op, share in zip(OPS, row[:-1], strict=True)
                if number == node
            ]
            sources.append(torch.stack(terms).sum(0))
        joined: Tensor = cell.frame.joined(sources[2:], last, padding)
        return joined

    before = [space.stem(stem_input(vectors, padding), padding)] * 2
    for cell in space.cells:
        before.append(layer(cell, *before[-2:]))
    logits: Tensor = space.head(before[-1], padding)
    return logits


# Each way of statistics and each variant once in the quick tests.
MIXTURES = [("batch", "concat", False), ("training", "concat", True), ("running", "addnorm", True)]
OTHER_MIXTURES = [
    pytest.param(statistics, *variant, marks=pytest.mark.slow)
    for statistics in ("batch", "training", "running")
    for variant in VARIANTS
    if (statistics, *variant) not in MIXTURES
]


@pytest.mark.parametrize(("statistics", "output", "strict"), [*MIXTURES, *OTHER_MIXTURES])
def test_a_mixture_is_the_weighted_sum_of_all_ops_on_all_edges(
    statistics: str, output: str, strict: bool
) -> None:
    """In values, all gradients and the statistics that it leaves behind."""
    fused, plain = (
        supernet(DARTS(), output=output, strict=strict).train(statistics != "running")
        for _ in range(2)
    )
    torch.nn.init.normal_(fused.edges.alphas, generator=torch.Generator().manual_seed(0))
    plain.load_state_dict(fused.state_dict())
    if statistics == "batch":
        use_batch_statistics(fused)
        use_batch_statistics(plain)
    logits = []
    for computed in (fused, lambda *x: op_by_op(plain, *x)):
        logits.append(computed(*words()))
        (logits[-1] ** 3).sum().backward()
    torch.testing.assert_close(*logits, rtol=1e-9, atol=1e-9)
    for (name, ours), theirs in zip(fused.named_parameters(), plain.parameters(), strict=True):
        assert ours.grad is not None, name
        scale = max(1.0, theirs.grad.abs().max().item())
        torch.testing.assert_close(ours.grad / scale, theirs.grad / scale, rtol=0, atol=1e-9)
    assert fused.state_dict().keys() == plain.state_dict().keys()
    for ours, theirs in zip(fused.buffers(), plain.buffers(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("strict", [False, pytest.param(True, marks=pytest.mark.slow)])
@pytest.mark.parametrize("length", [1, 2, 9])
def test_mixtures_of_any_length_are_the_weighted_sum(length: int, strict: bool) -> None:
    """A word alone has no statistics; convolutions reach over both ends."""
    space = supernet(DARTS(), strict=strict)
    use_batch_statistics(space)
    vectors = torch.randn(1, length, VECTORS, dtype=torch.float64)
    for count in {1, length}:
        mask = torch.arange(length)[None] < count
        torch.testing.assert_close(
            space(vectors, mask), op_by_op(space, vectors, mask), rtol=1e-9, atol=1e-9
        )


@pytest.mark.parametrize("strict", [pytest.param(False, marks=pytest.mark.slow), True])
@pytest.mark.parametrize("filling", [torch.nan, torch.inf, 7.0])
def test_the_content_of_padding_reaches_no_mixture(filling: float, strict: bool) -> None:
    found = []
    vectors, mask = words()
    for value in (0.0, filling):
        space = supernet(DARTS(), strict=strict)
        use_batch_statistics(space)
        logits = space(vectors.masked_fill(~mask[..., None], value), mask)
        logits.square().sum().backward()
        found.append([logits, *(weight.grad for weight in space.parameters())])
    for ours, theirs in zip(*found, strict=True):
        assert torch.equal(ours, theirs)


def test_equal_words_side_by_side_have_the_gradients_of_the_ops() -> None:
    """Of equal words the first one is the largest."""
    space = supernet(DARTS())
    use_batch_statistics(space)
    repeated = words()[0].round().repeat_interleave(2, 1)
    grads = []
    for computed in (space, lambda *x: op_by_op(space, *x)):
        vectors = repeated.clone().requires_grad_()
        computed(vectors, torch.ones(3, 10).bool()).square().sum().backward()
        grads.append(vectors.grad)
    torch.testing.assert_close(*grads, rtol=1e-9, atol=1e-9)


def test_all_cells_mix_with_one_draw_of_the_weights() -> None:
    """Random weights are drawn once a forward: a path stays the same in all cells."""
    space, draws = supernet(GumbelDARTS()), []
    space.edges.softmax.register_forward_hook(lambda *_: draws.append(1))
    space(*words())
    assert draws == [1]


@pytest.mark.parametrize("kind", [DARTS, GumbelDARTS])
def test_gradients_reach_all_weights_and_are_right(kind: Any) -> None:
    space = supernet(kind())
    torch.manual_seed(5)
    space(*words()).square().sum().backward()
    grad = space.edges.alphas.grad
    assert grad.isfinite().all()
    assert grad.any(1).all()
    assert all(weight.grad is not None for weight in space.parameters())
    step = 1e-6
    for row, column in ((0, 0), (4, 5), (8, 9)):
        values = []
        for sign in (1, -1):
            with torch.no_grad():
                space.edges.alphas[row, column] += sign * step
            torch.manual_seed(5)
            values.append(space(*words()).square().sum().item())
            with torch.no_grad():
                space.edges.alphas[row, column] -= sign * step
        numeric = (values[0] - values[1]) / (2 * step)
        assert grad[row, column].item() == pytest.approx(numeric, rel=1e-4, abs=1e-6)
