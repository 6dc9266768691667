"""Supernets that are pruned: one path is an architecture, all paths are the mixture of DARTS."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from nni.nas.strategy import DARTS
from torch import Tensor, nn

from search_spaces.emd_cell import pruning as emd_cell
from search_spaces.emd_cell.architecture import EDGES, OPS, edge_label
from search_spaces.emd_cell.model_space import EmdCellModelSpace
from search_spaces.enas_cell import pruning as enas_cell
from search_spaces.enas_cell.model_space import EnasCellModelSpace
from search_spaces.enas_cell.space import EnasCellSpace
from search_spaces.pruning import active_modules
from search_spaces.registry import get_space
from search_spaces.sequences import use_batch_statistics
from search_spaces.textnas import pruning as textnas
from search_spaces.textnas.model_space import TextNasModelSpace
from search_spaces.textnas.space import TextNasSpace

pytestmark = pytest.mark.usefixtures("quiet")

SENTENCES: dict[str, Any] = {
    "textnas": lambda: TextNasModelSpace(layers=3, window=2, vectors=3, width=4, dropout=0.0),
    "emd_cell": lambda: EmdCellModelSpace(cells=2, vectors=3, width=4, dropout=0.0),
}
PRUNABLE: dict[str, Any] = {
    "textnas": textnas.PRUNABLE,
    "emd_cell": emd_cell.PRUNABLE,
    "enas_cell": enas_cell.PRUNABLE,
}


def words() -> tuple[Tensor, Tensor]:
    """Vectors and mask of four sentences."""
    generator = torch.Generator().manual_seed(1)
    lengths = torch.tensor([5, 2, 4, 5])
    return torch.randn(4, 5, 3, generator=generator), torch.arange(5) < lengths[:, None]


def activate(model: nn.Module, active: dict[str, Any]) -> None:
    for module in active_modules(model):
        module.activate(active)


def path_of(space: str, model: Any, architecture: Any) -> dict[str, Any]:
    """The values that make one architecture."""
    if space != "emd_cell":
        sample = model.choices.to_sample(architecture)
        return {label: (value,) for label, value in sample.items()}
    active: dict[str, Any] = {edge_label(*edge): () for edge in EDGES}
    for number, node in enumerate(architecture.nodes):
        active |= {edge_label(number, source): (op,) for op, source in node}
    return active


@pytest.mark.parametrize("space", SENTENCES)
def test_one_path_is_the_frozen_network(space: str) -> None:
    for seed in range(4):
        torch.manual_seed(seed)
        model = SENTENCES[space]()
        whole = TextNasSpace(layers=3, window=2) if space == "textnas" else get_space(space)
        architecture = whole.sample(np.random.default_rng(seed))
        frozen = model.freeze(model.to_sample(architecture)).eval()
        pruned = PRUNABLE[space].make_prunable(model).eval()
        active = path_of(space, model, architecture)
        activate(pruned, active)
        use_batch_statistics(frozen)
        use_batch_statistics(pruned)
        with torch.no_grad():
            torch.testing.assert_close(pruned(*words()), frozen(*words()))
        assert PRUNABLE[space].architecture(model.choices, active) == architecture


def test_one_path_is_the_cell() -> None:
    for seed in range(4):
        torch.manual_seed(seed)
        architecture = EnasCellSpace(nodes=5).sample(np.random.default_rng(seed))
        model = PRUNABLE["enas_cell"].make_prunable(EnasCellModelSpace(5, 3, 4))
        sample = model.choices.to_sample(architecture)
        activate(model, {label: (value,) for label, value in sample.items()})
        inputs = torch.randn(6, 2, 3)
        with torch.no_grad():
            expected, _ = model.cell.freeze(sample).unroll(inputs)
            torch.testing.assert_close(model.cell.unroll(inputs)[0], expected)


def test_all_values_are_the_mixture_of_darts_at_equal_weights() -> None:
    outputs = []
    for space, make in SENTENCES.items():
        torch.manual_seed(0)
        plain = make()
        torch.manual_seed(0)
        mixed = DARTS().mutate_model(make()).eval()
        with torch.no_grad():
            for name, alpha in mixed.named_parameters():
                if "alpha" in name:
                    alpha.zero_()
                    if space == "emd_cell":
                        alpha[:, len(OPS)] = -torch.inf  # `none` is off from the start
            pruned = PRUNABLE[space].make_prunable(plain).eval()
            use_batch_statistics(pruned)
            use_batch_statistics(mixed)
            torch.testing.assert_close(pruned(*words()), mixed(*words()), rtol=1e-4, atol=1e-5)
            outputs.append(pruned(*words()))
    assert all(output.isfinite().all() for output in outputs)


def test_all_values_are_the_mixture_of_cells_at_equal_weights() -> None:
    torch.manual_seed(0)
    mixed = DARTS().mutate_model(EnasCellModelSpace(5, 3, 4))
    pruned = PRUNABLE["enas_cell"].make_prunable(EnasCellModelSpace(5, 3, 4))
    inputs = torch.randn(6, 2, 3)
    with torch.no_grad():
        for alpha in mixed.cell.alphas.values():
            alpha.zero_()
        own = dict(pruned.cell.named_parameters())
        for name, weight in mixed.cell.named_parameters():
            if name in own:
                own[name].copy_(weight)
        torch.testing.assert_close(pruned.cell.unroll(inputs)[0], mixed.cell.unroll(inputs)[0])


def test_what_is_pruned_is_not_computed() -> None:
    model = PRUNABLE["emd_cell"].make_prunable(SENTENCES["emd_cell"]()).eval()
    options = {label: values for m in active_modules(model) for label, values in m.options.items()}
    gone = edge_label(*EDGES[0])
    activate(model, options | {gone: tuple(op for op in OPS if op != "stdconv_3")})
    model(*words()).sum().backward()
    for cell in model.cells:
        assert all(weight.grad is None for weight in cell.edges[gone]["stdconv_3"].parameters())
        assert any(weight.grad is not None for weight in cell.edges[gone]["stdconv_5"].parameters())


@pytest.mark.parametrize("space", SENTENCES)
def test_thin_supernets_have_the_same_choices(space: str) -> None:
    model = SENTENCES[space]()
    thin = PRUNABLE[space].make_thin(model)
    assert thin.choices == model.choices
    assert sum(weight.numel() for weight in thin.stem.convolution.parameters()) <= 8
