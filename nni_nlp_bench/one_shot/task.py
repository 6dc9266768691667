"""Interface of the tasks that one-shot search works on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from nni_nlp_bench.data.sentences.glove import Progress, no_progress
from nni_nlp_bench.one_shot.result import Reward, ValidationResult
from nni_nlp_bench.one_shot.settings import OneShotSettings

Epoch = Callable[[], int]
"""Returns the current epoch, from 0."""
RewardCallback = Callable[[Reward], None]
"""Called with every reward."""


class OneShotTask(Protocol):
    """Interface of every one-shot task: a space, data, a supernet and the reward.

    Two tasks with equal settings and data give equal searches for the same seed.
    """

    @property
    def space(self) -> str:
        """Name of the search space."""

    @property
    def settings(self) -> OneShotSettings:
        """Sizes and schedule of the search."""

    @property
    def reward(self) -> str:
        """Description of the reward for plots, such as `accuracy`; higher is better."""

    @property
    def metric(self) -> str:
        """Validation metric in `best.json` that compares searches, such as `perplexity`."""

    @property
    def maximize(self) -> bool:
        """Whether a higher metric is better."""

    def prepare(self, progress: Progress = no_progress) -> None:
        """Compute what the search needs in advance, such as the outputs of a teacher.

        Args:
            progress: Called with the numbers of processed and of all sentences.

        Raises:
            UserError: The inputs cannot be used.
        """

    def metadata(self) -> dict[str, Any]:
        """Return names and digests of the inputs, for `settings.json` and `best.json`."""

    def model_space(self, seed: int) -> Any:
        """Return the supernet: a model space of NNI with the attribute `choices`.

        Args:
            seed: Seed of weights that are not drawn from torch's global generator.
        """

    def module(self, seed: int, on_reward: RewardCallback) -> Any:
        """Return the LightningModule of NNI that trains the shared weights.

        Args:
            seed: Seed of its dropout masks, if it draws them itself.
            on_reward: Called with every reward; the module also logs it as `reward`.
        """

    def train(self, seed: int, epoch: Epoch) -> Iterable[Any]:
        """Return the batches of the training set.

        Args:
            seed: Seed of their order.
            epoch: Returns the current epoch, so that each epoch can have its own order.
        """

    def valid(self, seed: int, epoch: Epoch) -> Iterable[Any]:
        """Return the batches of the validation set, each of which gives a reward.

        Args:
            seed: Seed of their selection and order.
            epoch: Returns the current epoch, so that each epoch can have its own order.
        """

    def measure(self, module: Any, architecture: Any) -> ValidationResult:
        """Evaluate an architecture with the shared weights on the whole validation set.

        Args:
            module: The trained module.
            architecture: An architecture of the space.
        """

    def extra_outputs(self, architecture: Any) -> dict[str, Any]:
        """Return more fields of `best.json` for the best architecture."""
