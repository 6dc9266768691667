"""Searches of `emd_cell` by NNI's strategies."""

from __future__ import annotations

from typing import Any

import nni
import pytest
import torch
from emd_supernets import SIZES, VECTORS, words
from nni.nas.evaluator import FunctionalEvaluator
from nni.nas.evaluator.pytorch import DataLoader, Lightning, LightningModule, Trainer
from nni.nas.execution import SequentialExecutionEngine
from nni.nas.space import RawFormatModelSpace
from nni.nas.strategy import (
    DARTS,
    ENAS,
    GumbelDARTS,
    Random,
    RandomOneShot,
    RegularizedEvolution,
)
from torch import Tensor
from torch.nn import functional

from search_spaces.emd_cell import EmdCell
from search_spaces.emd_cell.model_space import EmdCellModelSpace
from search_spaces.emd_cell.network import EmdCellNetwork

pytestmark = pytest.mark.usefixtures("quiet")


@pytest.mark.parametrize(
    "strategy", [Random(seed=0), RegularizedEvolution(population_size=4, sample_size=2, seed=0)]
)
def test_strategies_that_train_each_network_get_networks(strategy: Any) -> None:
    seen = []

    def evaluate(model: EmdCellNetwork) -> None:
        seen.append(model.cell)
        weight = model.head.linear.weight
        assert model(*(part.to(weight) for part in words())).isfinite().all()
        nni.report_final_result(float(model.cell.nodes[0][0].op.startswith("std")))

    space = RawFormatModelSpace.from_model(
        EmdCellModelSpace(**SIZES), FunctionalEvaluator(evaluate)
    )
    strategy(space, SequentialExecutionEngine(8))
    assert len(seen) == 8
    assert len(set(seen)) > 1


class Training(LightningModule):  # type: ignore[misc]
    """Learns whether the first number of a sentence's words is positive on the mean."""

    def training_step(self, batch: Any, index: int) -> Tensor:
        vectors, mask, labels = batch
        return functional.cross_entropy(self.model(vectors, mask), labels)

    def validation_step(self, batch: Any, index: int) -> None:
        vectors, mask, labels = batch
        found = self.model(vectors, mask).argmax(1)
        self.log("reward", (found == labels).float().mean())

    def configure_optimizers(self) -> torch.optim.Optimizer:
        self.weights = torch.optim.SGD(self.parameters(), lr=0.05)
        return self.weights


def batches(count: int) -> list[tuple[Tensor, Tensor, Tensor]]:
    generator = torch.Generator().manual_seed(2)
    found = []
    for _ in range(count):
        vectors = torch.randn(6, 5, VECTORS, generator=generator)
        labels = (vectors[..., 0].mean(1) > 0).long()
        found.append((vectors, torch.ones(6, 5).bool(), labels))
    return found


def search(strategy: Any, epochs: int = 1) -> tuple[Any, Training]:
    """The space after a search by NNI, and its training."""
    torch.manual_seed(0)
    training = Training()
    trainer = Trainer(
        max_epochs=epochs, accelerator="cpu", devices=1, logger=False,
        enable_checkpointing=False, enable_model_summary=False, enable_progress_bar=False,
        num_sanity_val_steps=0,
    )  # fmt: skip
    evaluator = Lightning(
        training,
        trainer,
        train_dataloaders=DataLoader(batches(3), batch_size=None),
        val_dataloaders=DataLoader(batches(3), batch_size=None),
    )
    space = EmdCellModelSpace(**(SIZES | {"cells": 2}))
    strategy(RawFormatModelSpace.from_model(space, evaluator), SequentialExecutionEngine())
    return space, training


@pytest.mark.parametrize(
    "strategy", [DARTS(arc_learning_rate=0.05), GumbelDARTS(), ENAS(), RandomOneShot()]
)
def test_nnis_one_shot_strategies_search_it(strategy: Any) -> None:
    if isinstance(strategy, ENAS):
        strategy.reward_metric_name = "reward"
    space, _ = search(strategy)
    (found,) = strategy.list_models()
    cell = space.export(found.sample)
    assert isinstance(cell, EmdCell)
    assert space.freeze(found.sample).eval()(*batches(1)[0][:2]).isfinite().all()


class Kept(DARTS):  # type: ignore[misc]
    """Remembers the weights of edges as they were in the beginning."""

    def mutate_model(self, model: Any) -> Any:
        space = super().mutate_model(model)
        self.before = space.edges.alphas.detach().clone()
        return space


def test_the_weights_of_edges_belong_to_the_optimizer_of_choices_alone() -> None:
    still = Kept(arc_learning_rate=0.0)
    space, training = search(still)
    alphas = space.edges.alphas
    assert torch.equal(alphas, still.before)
    (group,) = training.weights.param_groups
    assert all(weight is not alphas for weight in group["params"])
    learning = Kept(arc_learning_rate=0.05)
    moved = (search(learning)[0].edges.alphas - learning.before).abs()
    # Adam moves each weight by about its rate a step, for three steps.
    assert 0.04 < moved.max() < 0.16
    assert (moved > 0).all()
