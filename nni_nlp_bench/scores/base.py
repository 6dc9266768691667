"""What a training-free score is."""

from __future__ import annotations

from typing import ClassVar, Protocol

from torch import Tensor

from nni_nlp_bench.scores.passes import Passes
from nni_nlp_bench.training.language_model import LanguageModel
from search_spaces.registry import Registry


class Score(Protocol):
    """One number of an untrained language model and a batch of text."""

    higher_is_better: ClassVar[bool]
    """Whether trained networks with a higher score tend to have the lower loss."""

    def of(self, passes: Passes) -> float:
        """The score; NaN where the network gives no finite one. Passes are shared by scores."""


SCORES: Registry[Score] = Registry("score", "nni_nlp_bench.scores")


def score(name: str, model: LanguageModel, batch: Tensor, seed: int = 0) -> float:
    """The score of that name; batch (time, batch) holds tokens, `seed` decides added noise.

    Raises UnknownNameError.
    """
    return SCORES.get(name).of(Passes.through(model, batch, seed))
