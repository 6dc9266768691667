"""Syne Tune's asynchronous successive halving, alone or with a model, as strategies."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from typing import Any

from nni_nlp_bench.frameworks.syne_tune.scheduler_strategy import LOSS, SyneTuneStrategy
from nni_nlp_bench.strategies.sampler_strategy import Losses

EPOCHS = "epochs"
_SEARCHER = "syne_tune.optimizer.schedulers.searchers.last_value_multi_fidelity_searcher"


class Asha(SyneTuneStrategy):
    """Syne Tune's ASHA (Li et al., 2020, arXiv 1810.05934), the variant that stops trainings.

    A training that is not among the best 1/eta at a rung is stopped; others go on from there at
    once. It reports at rungs only, since Syne Tune decides nothing in between.

    Args:
        *args: Those of every strategy.
        random_first: Number of samples of the space that are evaluated first.
        eta: Reduction factor: a rung's trainings are `eta` times as long as those below.
        min_epochs: Epochs of the shortest training.
        brackets: Number of brackets; the lowest rung of each is `eta` times that of the one before.
    """

    baseline = "ASHA"

    def __init__(
        self,
        *args: Any,
        random_first: int = 10,
        eta: int = 3,
        min_epochs: int = 1,
        brackets: int = 1,
    ) -> None:
        self._halving = {
            "reduction_factor": eta,
            "grace_period": min_epochs,
            "brackets": brackets,
        }
        # It warns, with all of the first samples, of what Syne Tune's own ASHA passes to it.
        logging.getLogger(_SEARCHER).setLevel(logging.ERROR)
        super().__init__(*args, random_first=random_first)

    @classmethod
    def is_multi_fidelity(cls, options: Mapping[str, Any]) -> bool:
        """Return True: most trainings are shorter than a full one."""
        return True

    def _arguments(self) -> dict[str, Any]:
        return {"metric": LOSS, "time_attr": EPOCHS, "max_t": self.epochs, **self._halving}

    def _start_epochs(self, handle: Any) -> int:
        return self._next_rung(handle, 0)

    def _report(self, handle: Any, epochs: int | None, loss: Losses | None) -> int | None:
        from syne_tune.optimizer.scheduler import SchedulerDecision

        loss = self.loss_unit.failure if loss is None else loss
        reached = self.epochs if epochs is None else epochs
        with self._own_generators():
            decision = self._scheduler.on_trial_result(handle, {LOSS: loss, EPOCHS: reached})
        if decision == SchedulerDecision.CONTINUE:
            return self._next_rung(handle, reached)
        self._scheduler.on_trial_remove(handle)
        return None

    def _next_rung(self, handle: Any, epochs: int) -> int:
        """Return the epochs of the trial's next rung, or of a full training after the last one."""
        rungs = self._scheduler.trial_info[handle.trial_id].rungs
        later: list[int] = [math.ceil(milestone) for milestone, _ in rungs if milestone > epochs]
        return min([*later, self.epochs])


class AshaBore(Asha):
    """Syne Tune's ASHA with samples of BORE."""

    baseline = "ASHABORE"


class Bohb(Asha):
    """Syne Tune's BOHB (Falkner et al., 2018): ASHA with samples of kernel densities."""

    baseline = "BOHB"
