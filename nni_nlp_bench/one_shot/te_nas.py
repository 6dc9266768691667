"""TE-NAS: a supernet is pruned to one path without any training (W. Chen et al., ICLR 2021).

docs/training_free_search.md lists the deviations from the published code.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm  # type: ignore[import-untyped]

from nni_nlp_bench.one_shot.pruning import Active, Candidate, Drops, prune, without
from nni_nlp_bench.one_shot.result import PruningResult
from nni_nlp_bench.training.seeding import epoch_seed
from nni_nlp_bench.training.settings import check_counts
from nni_nlp_bench.zero_cost.linear_regions import linear_regions
from nni_nlp_bench.zero_cost.ntk import ntk_condition
from search_spaces.pruning import PrunableSpace, active_modules
from search_spaces.sequences import use_batch_statistics

_DECIMALS = 3
"""To which relative drops are rounded, so that small differences tie."""


@dataclass(frozen=True, slots=True)
class TeNasSettings:
    """Settings of TE-NAS; the defaults are those of the published code, but the sizes of inputs."""

    repeats: int = 3
    """Re-initialisations of the weights per round, for each of both criteria."""
    samples: int = 14
    """Sentences, or columns of text, of the one batch of the tangent kernel; as for CIFAR-10."""
    region_batches: int = 3
    region_samples: int = 1000
    """Random inputs in each of the batches that count linear regions."""
    region_length: int = 3
    """Words, or steps, of a random input; the published images are 3 x 3."""

    def __post_init__(self) -> None:
        counts = ("repeats", "samples", "region_batches", "region_samples", "region_length")
        check_counts(self, *counts)


class PrunableTask(Protocol):
    """What TE-NAS needs of a task, besides the supernet."""

    def prunable(self) -> PrunableSpace:
        """Return how the supernet of the space is pruned."""

    def model_space(self, seed: int) -> Any:
        """Return the supernet."""

    def kernel_outputs(self, model: Any, samples: int, seed: int) -> Callable[[], Sequence[Tensor]]:
        """Return a function that gives the supernet's outputs of each sample of one batch.

        Args:
            model: The supernet; without dropout.
            samples: Number of samples, fewer if the batch has fewer.
            seed: Seed of the choice of the batch.
        """

    def kernel_weights(self, model: Any) -> nn.Module:
        """Return the part of the supernet whose weights the tangent kernel is of."""

    def run_thin(self, model: Any, inputs: Tensor) -> None:
        """Run a supernet of one channel on random inputs (samples, length, 1)."""


class TeNas:
    """Prunes a supernet by its tangent kernel and its linear regions.

    Args:
        settings: The settings.
    """

    def __init__(self, settings: TeNasSettings | None = None) -> None:
        self.settings = settings or TeNasSettings()

    def select(self, task: PrunableTask, seed: int, *, progress: bool = False) -> PruningResult:
        """Return the architecture that is left, and what was measured.

        Draws from torch's global generator, which it seeds anew in every round.

        Args:
            task: The supernet and its data.
            seed: Seed of weights, inputs and the batch.
            progress: Whether to show a progress bar per round on stderr.
        """
        space = task.prunable()
        criteria = Criteria(task, space, self.settings, seed, progress=progress)
        active, measured = prune(
            criteria.options,
            criteria.measure,
            space.groups,
            kept=space.kept,
            per_round=space.per_round,
        )
        architecture = space.architecture(criteria.wide.choices, active)
        return PruningResult(architecture, tuple(measured))


class Criteria:
    """The two criteria of TE-NAS for the values of a supernet's choices."""

    def __init__(
        self,
        task: PrunableTask,
        space: PrunableSpace,
        settings: TeNasSettings,
        seed: int,
        *,
        progress: bool = False,
    ) -> None:
        self.settings, self.seed, self.progress = settings, seed, progress
        unpruned = task.model_space(seed)
        thin = space.make_thin(unpruned)
        self.wide = space.make_prunable(unpruned).eval()
        self.thin = space.make_prunable(thin).eval()
        use_batch_statistics(self.wide)
        use_batch_statistics(self.thin)
        self._task, self._space = task, space
        self._outputs = task.kernel_outputs(self.wide, settings.samples, seed)
        self._weights = task.kernel_weights(self.wide)
        self._rounds = 0

    @property
    def options(self) -> Active:
        """All values of all choices."""
        return {
            label: values
            for module in active_modules(self.wide)
            for label, values in module.options.items()
        }

    def measure(self, active: Active, candidates: Sequence[Candidate]) -> dict[Candidate, Drops]:
        """Return the mean relative drops of both criteria without each candidate.

        All candidates of a round are compared on the same weights and inputs.
        """
        torch.manual_seed(epoch_seed(self.seed, self._rounds))
        self._rounds += 1
        repeats = self.settings.repeats
        with tqdm(
            total=2 * repeats * len(candidates),
            desc=f"round {self._rounds}",
            disable=not self.progress,
        ) as bar:
            ntk = [self._drops_of_ntk(active, candidates, bar.update) for _ in range(repeats)]
            regions = [
                self._drops_of_regions(active, candidates, bar.update) for _ in range(repeats)
            ]
        means = (np.round(np.mean(rows, axis=0), _DECIMALS).tolist() for rows in (ntk, regions))
        return {
            candidate: Drops(*each)
            for candidate, each in zip(candidates, zip(*means, strict=True), strict=True)
        }

    def ntk(self, active: Active) -> float:
        """Return the condition number of the tangent kernel of the active values."""
        activate(self.wide, active)
        weights = [weight for weight in self._weights.parameters() if weight.requires_grad]
        return ntk_condition(self._outputs(), weights, vectorized=True)

    def regions(self, active: Active, batches: Sequence[Tensor]) -> int:
        """Return the number of linear regions of the thin supernet of the active values."""
        activate(self.thin, active)
        run = self._task.run_thin
        return linear_regions(self.thin, lambda inputs: run(self.thin, inputs), batches)

    def draw_inputs(self) -> list[Tensor]:
        """Return batches of normal random inputs (samples, length, 1).

        They fill all dimensions, or lie in a random subspace if the space asks for one.
        """
        s, dimensions = self.settings, self._space.input_dimensions
        shape = s.region_samples, dimensions or s.region_length
        batches = [torch.randn(shape) for _ in range(s.region_batches)]
        if dimensions is not None:
            basis = torch.randn(dimensions, s.region_length)
            batches = [batch @ basis for batch in batches]
        return [batch[..., None] for batch in batches]

    def _drops_of_ntk(
        self, active: Active, candidates: Sequence[Candidate], measured: Callable[[], Any]
    ) -> list[float]:
        reinitialize(self._weights, "fan_out")
        before = self.ntk(active)
        drops = []
        for candidate in candidates:
            drops.append(relative_drop(before, self.ntk(without(active, [candidate]))))
            measured()
        return drops

    def _drops_of_regions(
        self, active: Active, candidates: Sequence[Candidate], measured: Callable[[], Any]
    ) -> list[float]:
        reinitialize(self.thin, "fan_in")
        batches = self.draw_inputs()
        before = self.regions(active, batches)
        drops = []
        for candidate in candidates:
            after = self.regions(without(active, [candidate]), batches)
            drops.append(relative_drop(before, after))
            measured()
        return drops


def relative_drop(before: float, after: float) -> float:
    """Return (before - after) / before, rounded."""
    return round((before - after) / before, _DECIMALS)


def activate(model: nn.Module, active: Active) -> None:
    """Let a supernet compute with these values."""
    for module in active_modules(model):
        module.activate(active)


def reinitialize(model: nn.Module, mode: Literal["fan_in", "fan_out"]) -> None:
    """Draw all matrices and kernels from Kaiming's normal distribution; biases become 0.

    Scales of norms stay 1.
    """
    for name, weight in model.named_parameters():
        if weight.dim() > 1:
            nn.init.kaiming_normal_(weight, mode=mode, nonlinearity="relu")
        elif name.rpartition(".")[2].startswith("bias"):
            nn.init.zeros_(weight)
