"""Earth Mover's Distance between the layers of two networks, with cost attention."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from nni_nlp_bench.distillation.losses.transport import transport_plan

MIN_FRACTION = 0.01
"""Lower bound of weights and costs, as a fraction of their mean over the layers."""


class LayerTransport(nn.Module):
    """Optimal transport from the weights of n student layers to those of m teacher layers.

    After a step, layers are weighted in inverse proportion to their transport cost ("cost
    attention" of Li et al., BERT-EMD, EMNLP 2020, and KD-NAS-EMD, SIGIR 2021). With that rule
    alone, a layer of zero cost would take all the weight, and a layer of zero weight would never
    regain any. So costs and weights are bounded below by `MIN_FRACTION` of their mean.
    """

    student_weights: Tensor
    teacher_weights: Tensor

    def __init__(self, student_layers: int, teacher_layers: int) -> None:
        super().__init__()
        self.register_buffer("student_weights", _uniform(student_layers))
        self.register_buffer("teacher_weights", _uniform(teacher_layers))
        self._last: tuple[Tensor, Tensor] | None = None

    def forward(self, costs: Tensor) -> Tensor:
        """Return sum(plan * costs) of costs (n, m).

        By the envelope theorem, the plan is treated as a constant. NaN if a cost is not finite; the
        weights are not updated then.
        """
        prices = costs.detach().cpu().double()
        if prices.isfinite().all():
            sources, targets = _clamped(self.student_weights), _clamped(self.teacher_weights)
            plan = transport_plan(sources, targets, prices)
        else:
            plan = torch.full_like(prices, torch.nan)
        if self.training:
            self._last = plan, plan * prices
        return (plan.to(costs) * costs).sum()

    def update(self) -> None:
        """Update the layer weights from the costs of the last training step."""
        if self._last is None:
            return
        plan, paid = self._last
        self._last = None
        if paid.sum() > 0:  # neither NaN nor equal networks
            self.student_weights.copy_(_cheapness(plan, paid))
            self.teacher_weights.copy_(_cheapness(plan.t(), paid.t()))


def share_weights(first: LayerTransport, second: LayerTransport) -> None:
    """Set the weights of both to their mean."""
    for name, weights in first.named_buffers():
        other = second.get_buffer(name)
        mean = (weights + other) / 2
        weights.copy_(mean)
        other.copy_(mean)


def _uniform(layers: int) -> Tensor:
    return torch.full((layers,), 1 / layers)


def _clamped(values: Tensor) -> Tensor:
    return values.clamp_min(MIN_FRACTION * values.mean())


def _cheapness(plan: Tensor, paid: Tensor) -> Tensor:
    """Return weights of the rows that sum to 1, in inverse proportion to the unit costs."""
    unit_costs = paid.sum(1) / plan.sum(1)
    cheapness = 1 / _clamped(unit_costs / unit_costs.mean())
    return cheapness / cheapness.sum()
