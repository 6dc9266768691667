"""`up`: start an experiment whose web UI only this machine can reach."""

from __future__ import annotations

import getpass
import socket
from pathlib import Path
from typing import Annotated

import typer


def up(
    config: Annotated[Path, typer.Option(help="The experiment: a YAML file of NNI.")],
    port: Annotated[int, typer.Option(help="Port of the web UI.")] = 8080,
    host: Annotated[
        str,
        typer.Option(help="An address of this machine to listen on too: NNI asks for no login."),
    ] = "127.0.0.1",
) -> None:
    """Start an experiment of NNI, with its web UI on 127.0.0.1; stop it with `down`.

    Every other command of `nnictl` works on it too.
    """
    from nni_nlp_bench.nnictl.addresses import EVERY, LOOPBACK
    from nni_nlp_bench.nnictl.server import start

    started = start(config, port, host)
    typer.echo(f"experiment  {started.id}")
    typer.echo(f"web UI      {started.url}")
    if host == LOOPBACK:
        here = f"{getpass.getuser()}@{socket.gethostname()}"
        typer.echo("elsewhere   on the machine that you sit at, then open the same address there:")
        typer.echo(f"            ssh -L {port}:{LOOPBACK}:{port} {here}")
    else:
        where = "any address of this machine" if host in EVERY else host
        typer.echo(f"warning: whoever reaches {where} can run commands here", err=True)
    for tunnel in started.tunnels:
        typer.echo(f"trials      need this now, and until the end: {tunnel}")
    typer.echo(f"stop        nni-nlp-bench down {started.id}")
