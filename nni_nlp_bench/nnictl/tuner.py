"""The tuner of experiments in which one trial is one architecture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nni_nlp_bench.nnictl.searcher_tuner import SearcherTuner
from nni_nlp_bench.nnictl.setting import Setting, minimizes


class StrategyTuner(SearcherTuner):
    """Runs any discrete strategy over any space; `classArgs` are the fields of `Setting`.

    The experiment's `searchSpace` bounds what the web UI shows of an architecture, such as `nodes`.
    """

    def _set_up(self, class_args: Mapping[str, Any]) -> None:
        setting = Setting.from_args(class_args)
        self._searcher, self._kind = setting.searcher()
        self._lower_is_better = minimizes(setting.optimize_mode)
