"""`experiment up`: start an experiment whose web UI listens on 127.0.0.1."""

from __future__ import annotations

import getpass
import socket
from pathlib import Path
from typing import Annotated

import typer

from nni_nlp_bench.cli.output import echo, step_reporter
from nni_nlp_bench.core.errors import UserError


def up(
    config: Annotated[Path | None, typer.Option(help="YAML file of the experiment.")] = None,
    resume: Annotated[
        str | None, typer.Option(help="Id of a stopped experiment to resume.")
    ] = None,
    port: Annotated[int, typer.Option(help="Port of the web UI.")] = 8080,
    host: Annotated[
        str,
        typer.Option(help="Additional address to listen on. The web UI has no authentication."),
    ] = "127.0.0.1",
) -> None:
    """Start an NNI experiment with its web UI on 127.0.0.1. Stop it with `experiment down`.

    The commands of `nnictl` work on it too.
    """
    from nni_nlp_bench.frameworks.nni.serving import server
    from nni_nlp_bench.frameworks.nni.serving.addresses import ALL_INTERFACES, LOOPBACK

    def notice(line: str) -> None:
        echo(f"copied      {line}")

    with step_reporter() as progress:
        if config is not None and resume is None:
            started = server.start(config, port, host, progress, notice)
        elif resume is not None and config is None:
            started = server.resume(resume, port, host, progress, notice)
        else:
            raise UserError("give either --config FILE or --resume ID")
    echo(f"experiment  {started.id}")
    echo(f"web UI      {started.url}")
    if host == LOOPBACK:
        login = f"{getpass.getuser()}@{socket.gethostname()}"
        echo("remote      run this on your own machine, then open the same address there:")
        echo(f"            ssh -L {port}:{LOOPBACK}:{port} {login}")
    else:
        target = "any address of this machine" if host in ALL_INTERFACES else host
        echo(f"warning: anyone who can connect to {target} can run commands here", err=True)
    echo(f"stop        nni-nlp-bench experiment down {started.id}")
