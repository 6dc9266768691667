"""The tuner of experiments in which one trial is one architecture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nni_nlp_bench.frameworks.nni.tuning.ask_tell_tuner import AskTellTuner
from nni_nlp_bench.frameworks.nni.tuning.tuner_config import TunerConfig, minimizes


class StrategyTuner(AskTellTuner):
    """Runs any discrete strategy over any space; `classArgs` are the fields of `TunerConfig`.

    The experiment's `searchSpace` bounds what the web UI shows of an architecture, such as `nodes`.
    """

    def _set_up(self, class_args: Mapping[str, Any]) -> None:
        setting = TunerConfig.from_args(class_args)
        self._strategy, self._kind = setting.build()
        self._lower_is_better = minimizes(setting.optimize_mode)
