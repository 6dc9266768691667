"""NNI tuner for experiments with one architecture per trial."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nni_nlp_bench.frameworks.nni.tuning.ask_tell_tuner import AskTellTuner
from nni_nlp_bench.frameworks.nni.tuning.tuner_config import TunerConfig, minimizes


class StrategyTuner(AskTellTuner):
    """NNI tuner that runs a strategy of this package over a search space of this package.

    The experiment's `searchSpace` bounds descriptors of architectures, such as `nodes`.

    Args:
        **class_args: `classArgs` of the experiment: the fields of `TunerConfig`.

    Example:
        In the YAML file of an experiment::

            tuner:
              className: nni_nlp_bench.frameworks.nni.tuner.StrategyTuner
              codeDirectory: .
              classArgs: {strategy: bayesian, space: rnn_cell, seed: 0}
    """

    def _set_up(self, class_args: Mapping[str, Any]) -> None:
        config = TunerConfig.from_args(class_args)
        self._strategy, self._codec = config.build()
        self._lower_is_better = minimizes(config.optimize_mode)
