"""The Earth Mover's Distance between the layers of two networks, and what it teaches of them."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from nni_nlp_bench.distillation.losses.transport import transport_plan

LEAST_SHARE = 0.01
"""Of the mean of the layers: no weight and no cost counts as less."""


class LayerTransport(nn.Module):
    """Moves the weights of n student layers to those of m teacher layers as cheaply as possible.

    After a step, a layer weighs the more the cheaper it was to move ("cost attention" of Li
    et al., BERT-EMD, EMNLP 2020, and KD-NAS-EMD, SIGIR 2021). By that rule alone a layer without
    cost takes all the weight, and one without weight has no cost and is lost. So costs and weights
    below `LEAST_SHARE` of their mean count as that much.
    """

    student_weights: Tensor
    teacher_weights: Tensor

    def __init__(self, student_layers: int, teacher_layers: int) -> None:
        super().__init__()
        self.register_buffer("student_weights", _uniform(student_layers))
        self.register_buffer("teacher_weights", _uniform(teacher_layers))
        self._last: tuple[Tensor, Tensor] | None = None

    def forward(self, costs: Tensor) -> Tensor:
        """sum(plan * costs) of costs (n, m); the plan is a constant, as the envelope theorem has
        it. NaN where a cost is not finite: then there is nothing to learn either."""
        prices = costs.detach().cpu().double()
        if prices.isfinite().all():
            sources, targets = _raised(self.student_weights), _raised(self.teacher_weights)
            plan = transport_plan(sources, targets, prices)
        else:
            plan = torch.full_like(prices, torch.nan)
        if self.training:
            self._last = plan, plan * prices
        return (plan.to(costs) * costs).sum()

    def update(self) -> None:
        """Weigh the layers anew by what the last plan of the training cost, once."""
        if self._last is None:
            return
        plan, paid = self._last
        self._last = None
        if paid.sum() > 0:  # neither NaN, nor networks so alike that no layer has earned more
            self.student_weights.copy_(_cheapness(plan, paid))
            self.teacher_weights.copy_(_cheapness(plan.t(), paid.t()))


def share_weights(first: LayerTransport, second: LayerTransport) -> None:
    """Give both the mean of their weights."""
    for name, weights in first.named_buffers():
        other = second.get_buffer(name)
        mean = (weights + other) / 2
        weights.copy_(mean)
        other.copy_(mean)


def _uniform(layers: int) -> Tensor:
    return torch.full((layers,), 1 / layers)


def _raised(values: Tensor) -> Tensor:
    return values.clamp_min(LEAST_SHARE * values.mean())


def _cheapness(plan: Tensor, paid: Tensor) -> Tensor:
    """Weights of the rows, summing to 1: in inverse proportion to the cost of a unit of weight."""
    unit_costs = paid.sum(1) / plan.sum(1)
    cheapness = 1 / _raised(unit_costs / unit_costs.mean())
    return cheapness / cheapness.sum()
