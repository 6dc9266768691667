"""Interface of every one-shot strategy."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Protocol

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.one_shot.result import PruningResult
from nni_nlp_bench.one_shot.settings import OneShotSettings
from search_spaces.registry import SPACES, get_space
from search_spaces.sentence_space import SentenceSpace

SUPERNET_SPACES = ("emd_cell", "enas_cell", "encoder", "textnas")
"""Built-in spaces with a supernet: one network that contains all architectures."""


class OneShotStrategy(ABC):
    """Interface of every one-shot strategy.

    A strategy is a class that is never instantiated: it declares what it searches, and `make`
    returns the strategy of NNI that trains the supernet, or a search that needs no training. The
    first line of its docstring is its description in `nni-nlp-bench list one-shot`. Import torch
    and NNI inside `make`, so that listing the strategies loads neither.

    >>> class UniformSampling(OneShotStrategy):
    ...     '''Uniformly sampled architectures share weights.'''
    ...
    ...     spaces = ("textnas",)
    ...
    ...     @classmethod
    ...     def make(cls, settings):
    ...         from nni.nas.strategy import RandomOneShot
    ...
    ...         return RandomOneShot()
    >>> UniformSampling.searches("textnas"), UniformSampling.searches("encoder")
    (True, False)
    """

    spaces: ClassVar[tuple[str, ...]]
    """Names of the spaces that it searches."""
    plugin_spaces: ClassVar[bool] = False
    """Whether it also searches the sentence spaces of other packages."""
    min_epochs: ClassVar[int] = 1
    """Minimum number of epochs after which it can propose an architecture."""
    samples: ClassVar[bool] = True
    """Whether it proposes sampled architectures, of which the best on the validation set is the
    result. If False, the result is the one architecture with the largest weights."""
    distills: ClassVar[bool] = False
    """Whether it minimizes a distillation loss, which needs a teacher."""
    trains: ClassVar[bool] = True
    """Whether it trains the supernet. If False, `make` returns a `TrainingFreeSearch`."""

    @classmethod
    def searches(cls, space: str) -> bool:
        """Return whether it searches the space of that name."""
        if space in cls.spaces:
            return True
        if not cls.plugin_spaces or space in SUPERNET_SPACES or space not in SPACES:
            return False
        return isinstance(get_space(space), SentenceSpace)

    @classmethod
    @abstractmethod
    def make(cls, settings: OneShotSettings) -> Any:
        """Return a new one-shot strategy of NNI.

        Args:
            settings: Settings of the search. Draw from torch's global generator, which is seeded
                when this is called.

        Returns:
            An instance of `nni.nas.oneshot.pytorch.strategy.OneShotStrategy`. It maximizes the
            metric `reward` that the training module logs. If `trains` is False, a
            `TrainingFreeSearch`.
        """


class TrainingFreeSearch(Protocol):
    """Interface of a search of a supernet that is not trained."""

    def select(self, task: Any, seed: int, *, progress: bool = False) -> PruningResult:
        """Return the architecture that is left of a supernet.

        Args:
            task: A `OneShotTask`.
            seed: Seed of the search.
            progress: Whether to show a progress bar on stderr.
        """


def check_min_epochs(strategy: str, epochs: int, minimum: int) -> None:
    """Raise UserError if a search is too short for the strategy."""
    if epochs < minimum:
        raise UserError(f"{strategy} needs {minimum} epochs or more, got {epochs}")
