"""`register`: give NNI names for our tuners."""

from __future__ import annotations

import typer


def register() -> None:
    """Make the tuners known to NNI in this environment, as `nnictl algo register` does.

    An experiment can then say `tuner: {name: StrategyTuner, classArgs: ...}`: no codeDirectory.
    """
    from nni_nlp_bench.frameworks.nni.serving.registration import register_tuners

    for name in register_tuners():
        typer.echo(f"registered  {name}")
