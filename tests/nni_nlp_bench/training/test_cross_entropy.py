"""The cross-entropy of a linear layer against torch's."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from nni_nlp_bench.training.cross_entropy import linear_cross_entropy

WIDTH, CLASSES = 6, 11


def plain(x: Tensor, weight: Tensor, bias: Tensor, targets: Tensor) -> Tensor:
    return functional.cross_entropy(functional.linear(x, weight, bias), targets)


def problem(rows: int, scale: float = 1.0) -> tuple[list[Tensor], Tensor]:
    """x, weight and bias, and the targets."""
    generator = torch.Generator().manual_seed(rows)
    tensors = [
        scale * torch.randn(*shape, dtype=torch.float64, generator=generator)
        for shape in ((rows, WIDTH), (CLASSES, WIDTH), (CLASSES,))
    ]
    targets = torch.randint(CLASSES, (rows,), generator=generator)
    return [tensor.requires_grad_() for tensor in tensors], targets


def results(loss: Callable[..., Tensor], tensors: list[Tensor], targets: Tensor) -> list[Tensor]:
    value = loss(*tensors, targets)
    return [value, *torch.autograd.grad(3 * value, tensors)]


@pytest.mark.parametrize("rows", [1, 256, 600])
@pytest.mark.parametrize("scale", [1.0, 100.0])
def test_loss_and_gradients_are_torchs(rows: int, scale: float) -> None:
    """Logits of the large scale reach some ten thousand."""
    tensors, targets = problem(rows, scale)
    found = results(linear_cross_entropy, tensors, targets)
    for value, wanted in zip(found, results(plain, tensors, targets), strict=True):
        torch.testing.assert_close(value, wanted, rtol=1e-12, atol=1e-12)


def test_it_computes_no_gradients_where_none_are_needed() -> None:
    tensors, targets = problem(600)
    with torch.inference_mode():
        value = linear_cross_entropy(*tensors, targets)
    torch.testing.assert_close(value, plain(*tensors, targets))
    assert not value.requires_grad


def test_a_loss_that_is_not_finite_is_nan() -> None:
    tensors, targets = problem(5)
    tensors[0].data[2, 1] = float("nan")
    assert linear_cross_entropy(*tensors, targets).isnan()


def test_under_autocast_it_is_torchs() -> None:
    tensors, targets = problem(20)
    floats = [tensor.float() for tensor in tensors]
    with torch.autocast("cpu", torch.bfloat16):
        value = linear_cross_entropy(*floats, targets)
        assert torch.equal(value, plain(*floats, targets))
