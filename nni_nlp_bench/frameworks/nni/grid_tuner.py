"""NNI tuner for experiments with one complete search per trial."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nni_nlp_bench.frameworks.nni.tuning.ask_tell_tuner import AskTellTuner
from nni_nlp_bench.frameworks.nni.tuning.combination_codec import CombinationCodec, Grid
from nni_nlp_bench.frameworks.nni.tuning.tuner_config import MINIMIZE, check_names, minimizes


class GridTuner(AskTellTuner):
    """NNI tuner that runs one trial for every combination of the choices in `searchSpace`.

    The last choice varies fastest. Unlike NNI's GridSearch it neither repeats nor loses a
    combination when the experiment is resumed.

    Args:
        optimize_mode: `minimize` (default) or `maximize`; selects the best trials in the web UI.
    """

    def _set_up(self, class_args: Mapping[str, Any]) -> None:
        check_names(class_args, ["optimize_mode"])
        self._codec = codec = CombinationCodec()
        self._strategy = Grid(codec)
        self._lower_is_better = minimizes(class_args.get("optimize_mode", MINIMIZE))
