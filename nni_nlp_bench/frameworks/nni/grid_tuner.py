"""The tuner of experiments in which one trial is one whole search."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nni_nlp_bench.frameworks.nni.tuning.ask_tell_tuner import AskTellTuner
from nni_nlp_bench.frameworks.nni.tuning.search_trials import Grid, SearchTrials
from nni_nlp_bench.frameworks.nni.tuning.tuner_config import MINIMIZE, check_names, minimizes


class GridTuner(AskTellTuner):
    """One trial for every combination of the choices in the experiment's `searchSpace`.

    The last choice varies fastest. Unlike NNI's GridSearch it neither repeats nor loses a
    combination when the experiment is resumed. `classArgs` may hold `optimize_mode`, which tells
    the web UI which results are the best.
    """

    def _set_up(self, class_args: Mapping[str, Any]) -> None:
        check_names(class_args, ["optimize_mode"])
        self._kind = trials = SearchTrials()
        self._strategy = Grid(trials)
        self._lower_is_better = minimizes(class_args.get("optimize_mode", MINIMIZE))
