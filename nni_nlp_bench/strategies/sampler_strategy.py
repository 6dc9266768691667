"""Base class of strategies that are samplers of another library over the choices of a space."""

from __future__ import annotations

from abc import abstractmethod
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.core.errors import ArchitectureError
from nni_nlp_bench.strategies.base import Proposal, Strategy

Losses = float | list[float]
"""A loss, or those of several objectives; lower is better."""


@dataclass(frozen=True, eq=False)
class Training:
    """A training that the sampler asked for."""

    handle: Any
    """What the sampler knows it by."""
    architecture: Any
    epochs: int | None

    @property
    def key(self) -> tuple[str, int | None]:
        """Identity of the result."""
        return self.architecture.canonical_key, self.epochs


class SamplerStrategy(Strategy):
    """A sampler of values of the space's choices.

    Until `random_first` architectures have been evaluated, proposals are samples of the space that
    the choices can express: uniformly drawn choices may be far worse architectures. Later, those
    of the sampler are evaluated:

    - In a whole space several samples may be one architecture. No training is evaluated twice: the
      sampler is told a known result at once. After `_tries` samples without a new training, the
      next one is a new sample of the space.
    - On a table, the nearest architecture that was not proposed before is evaluated, and the
      sampler is told the result for the choices of that one.

    Args:
        *args: Those of every strategy.
        random_first: Number of architectures before the sampler is asked.
    """

    _tries = 20

    def __init__(self, *args: Any, random_first: int) -> None:
        super().__init__(*args)
        on_table = self.space.table is not None
        self._choices = (self.space.unwrapped if on_table else self.space).choices()
        self._random_first = random_first
        self._evaluated: set[str] = set()
        self._seen: set[str] = set()
        self._due: deque[Training] = deque()
        self._running: dict[tuple[str, int | None], list[Training]] = {}
        self._losses: dict[tuple[str, int | None], Losses | None] = {}
        self._make_sampler(seed=int(self.rng.integers(2**31)))

    @abstractmethod
    def _make_sampler(self, seed: int) -> None:
        """Make the sampler."""

    @abstractmethod
    def _suggest(self) -> tuple[Any, Mapping[str, Any]]:
        """Return a new handle and its sample."""

    @abstractmethod
    def _adopt(self, sample: dict[str, Any]) -> Any:
        """Return a new handle for a sample that the sampler did not suggest."""

    @abstractmethod
    def _report(self, handle: Any, epochs: int | None, loss: Losses | None) -> int | None:
        """Tell the sampler a loss, None for a failure or a sample that is no architecture.

        Returns:
            Epochs to train it for next; None for no more.
        """

    def _drop(self, handle: Any) -> None:
        """Forget a handle whose sample is not evaluated."""

    def _start_epochs(self, handle: Any) -> int | None:
        """Return the epochs of the first training of a sample; None for a full one."""
        return None

    def ask(self) -> Proposal | None:
        """Return a training that the sampler wants, or else one of a new sample of the space.

        None if a table has no other.
        """
        for _ in range(self._tries):
            if self._due:
                training = self._due.popleft()
            elif len(self._evaluated) < self._random_first or self._exhausted():
                break
            elif (new := self._suggested()) is not None:
                training = new
            else:
                continue
            if training.key in self._running:
                self._running[training.key].append(training)
            elif training.key in self._losses:
                self._tell(training, self._losses[training.key])
            else:
                return self._propose(training)
        return self._from_space()

    def tell(self, proposal: Proposal, score: float | None) -> None:
        """Report the loss."""
        self._finish(proposal, None if score is None else -score)

    def tell_losses(self, proposal: Proposal, losses: NDArray[np.float64] | None) -> None:
        """Report the losses."""
        self._finish(proposal, None if losses is None else losses.tolist())

    def add_observation(self, architecture: Any, score: float) -> None:
        """Report the loss of a full training, if the choices can express the architecture."""
        self._seen.add(architecture.canonical_key)
        self._losses[architecture.canonical_key, None] = -score
        sample = self._expressed(architecture)
        if sample is not None:
            self._evaluated.add(architecture.canonical_key)
            self._report(self._adopt(sample), None, -score)

    def _suggested(self) -> Training | None:
        """Return the training of the sampler's next sample; None if it is no architecture."""
        handle, sample = self._suggest()
        try:
            architecture = self._choices.from_sample(sample)
        except ArchitectureError:
            self._report(handle, self._start_epochs(handle), None)
            return None
        return self._training(handle, architecture)

    def _training(self, handle: Any, architecture: Any) -> Training | None:
        """Return the training that the architecture of a suggested sample stands for."""
        if self.space.table is not None:
            near = self.space.nearest(architecture, self._left(), self.rng)
            if near.canonical_key != architecture.canonical_key:
                handle = self._replaced(handle, near)
            architecture = near
        return Training(handle, architecture, self._start_epochs(handle))

    def _replaced(self, handle: Any, architecture: Any) -> Any:
        """Return the handle of an architecture's choices instead of one for others.

        It is the same handle if the choices cannot express the architecture.
        """
        sample = self._expressed(architecture)
        if sample is None:
            return handle
        self._drop(handle)
        return self._adopt(sample)

    def _from_space(self) -> Proposal | None:
        """Return a new sample of the space, if one is found that the choices can express."""
        for _ in range(self._tries):
            architecture = self.sample_unseen(self._seen)
            if architecture is None:
                return None
            sample = self._expressed(architecture)
            if sample is not None:
                handle = self._adopt(sample)
                return self._propose(Training(handle, architecture, self._start_epochs(handle)))
        return None

    def _propose(self, training: Training) -> Proposal:
        self._seen.add(training.architecture.canonical_key)
        self._running[training.key] = [training]
        return Proposal(training.architecture, training.epochs)

    def _finish(self, proposal: Proposal, loss: Losses | None) -> None:
        key = proposal.architecture.canonical_key, proposal.epochs
        self._losses[key] = loss
        if loss is not None:
            self._evaluated.add(proposal.architecture.canonical_key)
        for training in self._running.pop(key):
            self._tell(training, loss)

    def _tell(self, training: Training, loss: Losses | None) -> None:
        epochs = self._report(training.handle, training.epochs, loss)
        if epochs is not None:
            self._due.append(Training(training.handle, training.architecture, epochs))

    def _exhausted(self) -> bool:
        return self.space.table is not None and not self._left()

    def _left(self) -> list[Any]:
        """Return the architectures of the table that were not proposed."""
        return [a for a in self.space.table or () if a.canonical_key not in self._seen]

    def _expressed(self, architecture: Any) -> dict[str, Any] | None:
        try:
            return self._choices.to_sample(architecture)
        except ArchitectureError:
            return None
