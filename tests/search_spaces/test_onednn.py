"""Products of oneDNN against torch's own."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from search_spaces import onednn

pytestmark = pytest.mark.skipif(not onednn.has_onednn(), reason="this torch has no oneDNN")
SIZE = 128
"""Products of such matrices are large enough for oneDNN."""


@pytest.fixture(autouse=True)
def other_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also on a processor of Intel's, oneDNN is taken."""
    monkeypatch.setattr(onednn, "is_intel", lambda: False)


def random(*shape: int) -> Tensor:
    generator = torch.Generator().manual_seed(sum(shape))
    return torch.randn(*shape, generator=generator).requires_grad_()


def values_and_gradients(function: Callable[..., Tensor], tensors: list[Tensor]) -> list[Tensor]:
    value = function(*tensors)
    weights = torch.linspace(-1, 1, value.numel()).view_as(value)
    return [value, *torch.autograd.grad((value * weights).sum(), tensors)]


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("part", [SIZE, SIZE // 2])
def test_matrices_of_any_layout_are_multiplied(transposed: bool, part: int) -> None:
    a, b = random(SIZE, SIZE).detach()[:, :part], random(SIZE + 1, SIZE).detach()[:part]
    if transposed:
        a, b = a.t().contiguous().t(), b.t().contiguous().t()
    torch.testing.assert_close(onednn.product(a, b), a @ b, rtol=1e-5, atol=1e-4)
    wide = torch.cat([b, b], 1)[:, SIZE // 2 : SIZE + SIZE // 2]
    torch.testing.assert_close(onednn.product(a, wide), a @ wide, rtol=1e-5, atol=1e-4)


def test_maps_have_the_values_and_gradients_of_a_batched_product() -> None:
    # Like the maps of a depthwise convolution of one source: not contiguous.
    tensors = [random(3, SIZE, SIZE), random(SIZE, 3, 2 * SIZE)]
    found = values_and_gradients(lambda a, b: onednn.multiply_maps(a, b.transpose(0, 1)), tensors)
    wanted = values_and_gradients(lambda a, b: a @ b.transpose(0, 1), tensors)
    for value, other in zip(found, wanted, strict=True):
        torch.testing.assert_close(value, other, rtol=1e-4, atol=1e-3)


def test_small_or_double_precision_matrices_are_left_to_torch() -> None:
    assert onednn.is_faster(torch.ones(SIZE, SIZE), SIZE)
    assert not onednn.is_faster(torch.ones(SIZE, SIZE), SIZE // 4)
    assert not onednn.is_faster(torch.ones(SIZE, SIZE).double(), SIZE)


def test_on_a_processor_of_intels_all_is_left_to_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onednn, "is_intel", lambda: True)
    assert not onednn.is_faster(torch.ones(SIZE, SIZE), SIZE)
