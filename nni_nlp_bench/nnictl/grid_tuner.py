"""The tuner of experiments in which one trial is one whole search."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nni_nlp_bench.nnictl.search_trials import Grid, SearchTrials
from nni_nlp_bench.nnictl.searcher_tuner import SearcherTuner
from search_spaces.errors import UserError


class GridTuner(SearcherTuner):
    """One trial for every combination of the choices in the experiment's `searchSpace`.

    The first choice varies fastest. Unlike NNI's GridSearch it neither repeats nor loses a
    combination when the experiment is resumed.
    """

    def _set_up(self, class_args: Mapping[str, Any]) -> None:
        if class_args:
            raise UserError(f"GridTuner takes no classArgs, got {', '.join(class_args)}")
        self._kind = trials = SearchTrials()
        self._searcher = Grid(trials)
        self._lower_is_better = True
