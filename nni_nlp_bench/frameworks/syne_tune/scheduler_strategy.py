"""Base class of strategies that are schedulers of Syne Tune."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from importlib.util import find_spec
from typing import Any, ClassVar

import numpy as np

from nni_nlp_bench.core.extras import MissingExtraError
from nni_nlp_bench.strategies.sampler_strategy import Losses, SamplerStrategy

LOSS = "loss"


class SyneTuneStrategy(SamplerStrategy):
    """A scheduler of Syne Tune on the space's choices, which are all categorical.

    Syne Tune has no conditional choices: it models those that an architecture does not need too.

    Args:
        *args: Those of every strategy.
        random_first: Number of samples of the space that are evaluated first.
    """

    baseline: ClassVar[str]
    """Name in `syne_tune.optimizer.baselines`."""

    def __init__(self, *args: Any, random_first: int = 10) -> None:
        self._trials = 0
        super().__init__(*args, random_first=random_first)

    @classmethod
    def missing_dependency(cls) -> str | None:
        """Return how to install Syne Tune, if it is missing."""
        return None if find_spec("syne_tune") else str(MissingExtraError("syne_tune"))

    def _arguments(self) -> dict[str, Any]:
        """Return the arguments of the scheduler beside those that all have."""
        return {"metric": LOSS}

    def _make_sampler(self, seed: int) -> None:
        from syne_tune.config_space import choice
        from syne_tune.optimizer import baselines

        space = {k: choice(list(values)) for k, values in self._choices.categoricals.items()}
        self._generators = random.Random(seed).getstate(), np.random.RandomState(seed).get_state()
        with self._own_generators():
            self._scheduler = getattr(baselines, self.baseline)(
                space,
                do_minimize=True,
                random_seed=seed,
                points_to_evaluate=[],
                **self._arguments(),
            )

    def _suggest(self) -> tuple[Any, Mapping[str, Any]]:
        with self._own_generators():
            sample = self._scheduler.suggest().config
        return self._adopt(sample), sample

    def _adopt(self, sample: dict[str, Any]) -> Any:
        from syne_tune.backend.trial_status import Trial

        trial = Trial(self._trials, sample, datetime.fromtimestamp(0))
        self._trials += 1
        with self._own_generators():
            self._scheduler.on_trial_add(trial)
        return trial

    def _report(self, handle: Any, epochs: int | None, loss: Losses | None) -> int | None:
        loss = self.loss_unit.failure if loss is None else loss
        with self._own_generators():
            self._scheduler.on_trial_complete(handle, {LOSS: loss})
        return None

    def _drop(self, handle: Any) -> None:
        self._scheduler.on_trial_remove(handle)

    @contextmanager
    def _own_generators(self) -> Iterator[None]:
        """Run with the strategy's own states of the global generators, which Syne Tune draws on."""
        callers = random.getstate(), np.random.get_state()
        random.setstate(self._generators[0])
        np.random.set_state(self._generators[1])
        try:
            yield
        finally:
            self._generators = random.getstate(), np.random.get_state()
            random.setstate(callers[0])
            np.random.set_state(callers[1])
