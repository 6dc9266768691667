"""Base class of strategies that are samplers of another library over the choices of a space."""

from __future__ import annotations

from abc import abstractmethod
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nni_nlp_bench.core.errors import ArchitectureError
from nni_nlp_bench.strategies.base import Proposal, Strategy


@dataclass(frozen=True, eq=False)
class Training:
    """A training that the sampler asked for."""

    handle: Any
    """What the sampler knows it by; None if the choices cannot express the architecture."""
    architecture: Any
    epochs: int | None

    @property
    def key(self) -> tuple[str, int | None]:
        """Identity of the result."""
        return self.architecture.canonical_key, self.epochs


class SamplerStrategy(Strategy):
    """A sampler of values of the space's choices.

    Different samples may be one architecture, and on a table each one stands for the nearest
    architecture. No training is evaluated twice: the sampler is told a known result at once. After
    `_tries` samples without a new training, the next one is a new sample of the space.

    Args:
        *args: Those of every strategy.
        random_first: Number of samples of the space that the sampler starts with: uniformly drawn
            choices may be far worse architectures.
    """

    _tries = 20

    def __init__(self, *args: Any, random_first: int) -> None:
        super().__init__(*args)
        self._choices = self.space.choices()
        self._due: deque[Training] = deque()
        self._running: dict[tuple[str, int | None], list[Training]] = {}
        self._losses: dict[tuple[str, int | None], float] = {}
        self._seen: set[str] = set()
        self._make_sampler(self._samples_of_space(random_first))

    @abstractmethod
    def _make_sampler(self, first: list[dict[str, Any]]) -> None:
        """Make the sampler, which suggests the samples `first` before any others."""

    @abstractmethod
    def _suggest(self) -> tuple[Any, Mapping[str, Any]]:
        """Return a new handle and its sample."""

    @abstractmethod
    def _adopt(self, sample: dict[str, Any]) -> Any:
        """Return a new handle for a sample that the sampler did not suggest."""

    @abstractmethod
    def _report(self, handle: Any, epochs: int | None, loss: float) -> int | None:
        """Tell the sampler a loss; return the epochs to train it for next, None for no more."""

    def _start_epochs(self, handle: Any) -> int | None:
        """Return the epochs of the first training of a sample; None for a full one."""
        return None

    def ask(self) -> Proposal | None:
        """Return a training that the sampler wants, or else a new sample of the space.

        None if a table has no other.
        """
        for _ in range(self._tries):
            training = self._due.popleft() if self._due else self._new_training()
            if training is None:
                continue
            if training.key in self._running:
                self._running[training.key].append(training)
            elif training.key in self._losses:
                self._tell(training, self._losses[training.key])
            else:
                return self._propose(training)
        architecture = self.sample_unseen(self._seen)
        if architecture is None:
            return None
        sample = self._expressed(architecture)
        handle = None if sample is None else self._adopt(sample)
        epochs = None if handle is None else self._start_epochs(handle)
        return self._propose(Training(handle, architecture, epochs))

    def tell(self, proposal: Proposal, score: float | None) -> None:
        """Report the loss; that of a failure is a uniform guess's."""
        loss = self.loss_unit.failure if score is None else -score
        key = proposal.architecture.canonical_key, proposal.epochs
        self._losses[key] = loss
        for training in self._running.pop(key):
            self._tell(training, loss)

    def add_observation(self, architecture: Any, score: float) -> None:
        """Report the loss of a full training, if the choices can express the architecture."""
        self._seen.add(architecture.canonical_key)
        self._losses[architecture.canonical_key, None] = -score
        sample = self._expressed(architecture)
        if sample is not None:
            self._report(self._adopt(sample), None, -score)

    def _new_training(self) -> Training | None:
        """Return a training of the next suggestion; None if that is no architecture."""
        handle, sample = self._suggest()
        try:
            architecture = self._choices.from_sample(sample)
        except ArchitectureError:
            self._report(handle, self._start_epochs(handle), self.loss_unit.failure)
            return None
        return Training(handle, architecture, self._start_epochs(handle))

    def _propose(self, training: Training) -> Proposal:
        self._seen.add(training.architecture.canonical_key)
        self._running[training.key] = [training]
        return Proposal(training.architecture, training.epochs)

    def _tell(self, training: Training, loss: float) -> None:
        if training.handle is None:
            return
        epochs = self._report(training.handle, training.epochs, loss)
        if epochs is not None:
            self._due.append(Training(training.handle, training.architecture, epochs))

    def _samples_of_space(self, count: int) -> list[dict[str, Any]]:
        """Return the choices of random architectures of the space, each once."""
        keys: set[str] = set()
        drawn = (self.sample_unseen(keys) for _ in range(count))
        samples = (self._expressed(a) for a in drawn if a is not None)
        return [sample for sample in samples if sample is not None]

    def _expressed(self, architecture: Any) -> dict[str, Any] | None:
        try:
            return self._choices.to_sample(architecture)
        except ArchitectureError:
            return None
