"""`up`: start an experiment whose web UI only this machine can reach."""

from __future__ import annotations

import getpass
import socket
from pathlib import Path
from typing import Annotated

import typer

from nni_nlp_bench.core.errors import UserError


def up(
    config: Annotated[Path | None, typer.Option(help="The experiment: a YAML file of NNI.")] = None,
    resume: Annotated[
        str | None, typer.Option(help="Go on with the experiment of this id, which was stopped.")
    ] = None,
    port: Annotated[int, typer.Option(help="Port of the web UI.")] = 8080,
    host: Annotated[
        str,
        typer.Option(help="An address of this machine to listen on too: NNI asks for no login."),
    ] = "127.0.0.1",
) -> None:
    """Start an experiment of NNI, with its web UI on 127.0.0.1; stop it with `down`.

    Every other command of `nnictl` works on it too.
    """
    from nni_nlp_bench.frameworks.nni.serving import server
    from nni_nlp_bench.frameworks.nni.serving.addresses import EVERY, LOOPBACK

    if config is not None and resume is None:
        started = server.start(config, port, host)
    elif resume is not None and config is None:
        started = server.resume(resume, port, host)
    else:
        raise UserError("give --config FILE for a new experiment, or --resume ID for a stopped one")
    typer.echo(f"experiment  {started.id}")
    typer.echo(f"web UI      {started.url}")
    if host == LOOPBACK:
        here = f"{getpass.getuser()}@{socket.gethostname()}"
        typer.echo("elsewhere   on the machine that you sit at, then open the same address there:")
        typer.echo(f"            ssh -L {port}:{LOOPBACK}:{port} {here}")
    else:
        where = "any address of this machine" if host in EVERY else host
        typer.echo(f"warning: whoever reaches {where} can run commands here", err=True)
    typer.echo(f"stop        nni-nlp-bench experiment down {started.id}")
