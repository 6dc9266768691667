"""`experiment register`: register the tuners with NNI."""

from __future__ import annotations

from nni_nlp_bench.cli.output import echo


def register() -> None:
    """Register the tuners with NNI in this environment, like `nnictl algo register`.

    An experiment can then use `tuner: {name: StrategyTuner, classArgs: ...}`.
    """
    from nni_nlp_bench.frameworks.nni.serving.registration import register_tuners

    for name in register_tuners():
        echo(f"registered  {name}")
