"""What a one-shot search works on: a space, a text or sentences, and how a network is rewarded."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from nni_nlp_bench.data.sentences.glove import Progress, no_progress
from nni_nlp_bench.one_shot.settings import OneShotSettings

Epoch = Callable[[], int]
"""The epoch that is being trained, from 0 on."""


@dataclass(frozen=True, slots=True)
class Reward:
    """What one batch of the validation part said of the network of that moment."""

    epoch: int
    """From 0 on."""
    loss: float
    """In nats per token or sentence: lower is better."""
    reward: float
    """Higher is better."""
    architecture: str
    """JSON text: the sampled one, or the one of the largest weights."""


RewardCallback = Callable[[Reward], None]


@dataclass(frozen=True, slots=True)
class ValidationResult:
    """What the whole validation part says of one architecture with the shared weights."""

    reward: float
    """Higher is better."""
    metrics: dict[str, float]
    """For people, by name."""


class OneShotTask(Protocol):
    """The parts that NNI's one-shot strategies put together."""

    @property
    def space(self) -> str:
        """Name of the space."""

    @property
    def settings(self) -> OneShotSettings:
        """Sizes and schedule."""

    @property
    def reward(self) -> str:
        """What a reward is, for the axis of a plot."""

    def prepare(self, progress: Progress = no_progress) -> None:
        """Compute what the search needs beforehand, such as a teacher's features."""

    def metadata(self) -> dict[str, Any]:
        """What was searched on, by name and digest."""

    def model_space(self, seed: int) -> Any:
        """All networks as one NNI model space, which has `choices`."""

    def module(self, seed: int, on_reward: RewardCallback) -> Any:
        """The training of the shared weights, as NNI's LightningModule; it logs `reward`."""

    def train(self, seed: int, epoch: Epoch) -> Iterable[Any]:
        """Batches of the training part, anew in every epoch."""

    def valid(self, seed: int, epoch: Epoch) -> Iterable[Any]:
        """Batches of the validation part, which give rewards, anew in every epoch."""

    def measure(self, module: Any, architecture: Any) -> ValidationResult:
        """One architecture on the whole validation part, with the shared weights."""

    def extra_outputs(self, architecture: Any) -> dict[str, Any]:
        """What else is worth writing down of the found architecture."""
