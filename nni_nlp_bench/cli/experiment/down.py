"""`experiment down`: stop experiments."""

from __future__ import annotations

from typing import Annotated

import typer

from nni_nlp_bench.cli.output import echo
from nni_nlp_bench.core.errors import UserError


def down(
    id: Annotated[
        str | None, typer.Argument(help="Id of the experiment. Optional if only one is running.")
    ] = None,
    all: Annotated[bool, typer.Option("--all", help="Stop all running experiments.")] = False,
) -> None:
    """Stop an NNI experiment and wait until its processes have ended."""
    from nni_nlp_bench.frameworks.nni.serving.running import find_running, list_running, stop

    if all and id is not None:
        raise UserError("give either an id or --all")
    for experiment in list_running() if all else [find_running(id)]:
        stop(experiment)
        echo(f"{experiment.id} stopped")
