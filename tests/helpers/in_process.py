"""Run `nni-nlp-bench` within the tests' own process."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping

from typer.testing import CliRunner

from nni_nlp_bench.cli.app import app


def run(
    *arguments: object, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the command; an exception other than its exit is raised."""
    words = [str(argument) for argument in arguments]
    ran = CliRunner().invoke(app, words, env=env)
    if ran.exception is not None and not isinstance(ran.exception, SystemExit):
        raise ran.exception
    return subprocess.CompletedProcess(words, ran.exit_code, ran.stdout, ran.stderr)
