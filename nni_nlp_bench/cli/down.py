"""`down`: stop experiments."""

from __future__ import annotations

from typing import Annotated

import typer

from nni_nlp_bench.core.errors import UserError


def down(
    id: Annotated[str | None, typer.Argument(help="Which one; needless if only one runs.")] = None,
    all: Annotated[bool, typer.Option("--all", help="Stop every one that runs.")] = False,
) -> None:
    """Stop an experiment of NNI, and wait until its processes are gone."""
    from nni_nlp_bench.frameworks.nni.serving.running import chosen, running, stop

    if all and id is not None:
        raise UserError("an id and --all contradict each other: give one of them")
    for experiment in running() if all else [chosen(id)]:
        stop(experiment)
        typer.echo(f"{experiment.id} stopped")
