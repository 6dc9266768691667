"""Baseline classifiers: sizes by their formulas, and independence of padding."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from nni_nlp_bench.training.classification.baselines import KERNELS, BiGru, Cnn

VECTORS, WIDTH, CLASSES = 5, 8, 3


def parameters(network: nn.Module) -> int:
    return sum(weight.numel() for weight in network.parameters())


def test_sizes() -> None:
    gru = 2 * (3 * WIDTH * 2 * WIDTH + 6 * WIDTH)
    stem, linear = VECTORS * WIDTH + WIDTH, WIDTH * CLASSES + CLASSES
    assert parameters(BiGru(VECTORS, WIDTH, CLASSES)) == stem + gru + linear
    convolutions = sum(VECTORS * WIDTH * kernel + WIDTH for kernel in KERNELS)
    linear = 3 * WIDTH * CLASSES + CLASSES
    assert parameters(Cnn(VECTORS, WIDTH, CLASSES)) == convolutions + linear


@pytest.mark.parametrize("kind", [BiGru, Cnn])
def test_neither_content_nor_amount_of_padding_changes_a_logit(kind: type[nn.Module]) -> None:
    torch.manual_seed(0)
    network = kind(VECTORS, WIDTH, CLASSES).double().eval()
    vectors = torch.randn(4, 6, VECTORS, dtype=torch.float64)
    mask = torch.arange(6)[None] < torch.tensor([[6], [3], [1], [5]])
    logits = network(vectors, mask)
    other = torch.where(mask[..., None], vectors, 1e6)
    torch.testing.assert_close(network(other, mask), logits)
    longer = torch.cat([vectors, torch.ones(4, 3, VECTORS, dtype=torch.float64)], 1)
    padded = torch.cat([mask, torch.zeros(4, 3, dtype=torch.bool)], 1)
    torch.testing.assert_close(network(longer, padded), logits)
    alone = network(vectors[1:2, :3], mask[1:2, :3])
    torch.testing.assert_close(alone[0], logits[1])
