"""Entry point of the command: subcommands and error handling."""

from __future__ import annotations

import sys
import warnings
from io import TextIOWrapper
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from nni_nlp_bench import __version__
from nni_nlp_bench.cli.arch import arch
from nni_nlp_bench.cli.automl import automl
from nni_nlp_bench.cli.benchmark.tables import benchmark
from nni_nlp_bench.cli.compare import compare
from nni_nlp_bench.cli.evaluate_scores import evaluate_scores
from nni_nlp_bench.cli.experiment.down import down
from nni_nlp_bench.cli.experiment.examples import examples
from nni_nlp_bench.cli.experiment.register import register
from nni_nlp_bench.cli.experiment.status import status
from nni_nlp_bench.cli.experiment.up import up
from nni_nlp_bench.cli.export import export
from nni_nlp_bench.cli.latency import latency
from nni_nlp_bench.cli.list_components import list_components
from nni_nlp_bench.cli.measure import measure
from nni_nlp_bench.cli.naslib.predictor import predictor
from nni_nlp_bench.cli.naslib.search import search as naslib_search
from nni_nlp_bench.cli.one_shot import one_shot
from nni_nlp_bench.cli.output import echo
from nni_nlp_bench.cli.predict import predict
from nni_nlp_bench.cli.probe import probe
from nni_nlp_bench.cli.report import report
from nni_nlp_bench.cli.score import score
from nni_nlp_bench.cli.search import search
from nni_nlp_bench.cli.serve import serve
from nni_nlp_bench.cli.study import study
from nni_nlp_bench.cli.teacher import teacher
from nni_nlp_bench.cli.train.classifier import classifier
from nni_nlp_bench.cli.train.lm import lm
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.extras import optional_imports
from nni_nlp_bench.core.printable import printable

SEARCH, TRAIN, USE, INSPECT, FRAMEWORKS = (
    "Search",
    "Score and train",
    "Classify your own texts",
    "Inspect",
    "Other frameworks",
)
"""Panels of `--help`."""
MAX_CHARACTERS = 2_000
"""Longest shown error: it may repeat what the user gave."""


class ErrorHandlingGroup(TyperGroup):
    """Command group that prints a UserError in one line on stderr and exits with code 2."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run the command; characters that stdout cannot encode are written as escapes."""
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")
        return super().main(*args, **kwargs)

    def invoke(self, ctx: Any) -> Any:
        """Run the subcommand."""
        try:
            with optional_imports():
                return super().invoke(ctx)
        except (UserError, MemoryError, RuntimeError) as error:
            if isinstance(error, UserError):
                message = str(error)
            elif _is_out_of_memory(error):
                message = "out of memory: choose smaller sizes or a smaller input"
            else:
                raise
            echo(f"error: {_line(message)}", err=True)
            raise typer.Exit(2) from None


def _line(message: str) -> str:
    """Return the message in one line, and without its middle if it is very long."""
    line = printable(" ".join(message.split()))
    return line if len(line) <= MAX_CHARACTERS else f"{line[:1_000]} ... {line[-900:]}"


def _is_out_of_memory(error: Exception) -> bool:
    """Return whether memory ran out: torch has no class of its own for that on the CPU."""
    return isinstance(error, MemoryError) or any(
        part in str(error) for part in ("out of memory", "not enough memory", "allocate memory")
    )


app = typer.Typer(
    name="nni-nlp-bench",
    cls=ErrorHandlingGroup,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)


def print_version(requested: bool) -> None:
    """Print the version and exit."""
    if requested:
        echo(f"nni-nlp-bench {__version__}")
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[
        bool,
        typer.Option("--version", callback=print_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Neural architecture search for language: spaces, benchmarks, strategies."""


def _group(help: str) -> typer.Typer:
    return typer.Typer(help=help, no_args_is_help=True)


train = _group("Train one architecture.")
train.command()(lm)
train.command()(classifier)

arch.command()(latency)

experiment = _group("Run NNI experiments.")
experiment.command()(up)
experiment.command()(down)
experiment.command()(status)
experiment.command()(register)
experiment.command()(examples)

naslib = _group("Use NASLib's optimizers and predictors.")
naslib.command("search")(naslib_search)
naslib.command()(predictor)

app.command(rich_help_panel=SEARCH)(search)
app.command(rich_help_panel=SEARCH)(compare)
app.command(rich_help_panel=SEARCH)(study)
app.command(rich_help_panel=SEARCH)(report)
app.command("one-shot", rich_help_panel=SEARCH)(one_shot)
app.command(rich_help_panel=TRAIN)(score)
app.command("evaluate-scores", rich_help_panel=TRAIN)(evaluate_scores)
app.command(rich_help_panel=TRAIN)(teacher)
app.command(rich_help_panel=TRAIN)(probe)
app.add_typer(train, name="train", rich_help_panel=TRAIN)
app.command(rich_help_panel=USE)(automl)
app.command(rich_help_panel=USE)(predict)
app.command(rich_help_panel=USE)(measure)
app.command(rich_help_panel=USE)(export)
app.command(rich_help_panel=USE)(serve)
app.command("list", rich_help_panel=INSPECT)(list_components)
app.add_typer(arch, name="arch", rich_help_panel=INSPECT)
app.add_typer(benchmark, name="benchmark", rich_help_panel=INSPECT)
app.add_typer(experiment, name="experiment", rich_help_panel=FRAMEWORKS)
app.add_typer(naslib, name="naslib", rich_help_panel=FRAMEWORKS)


def main() -> None:
    """Run the command."""
    formatted = warnings.formatwarning
    warnings.formatwarning = lambda *args, **kwargs: printable(formatted(*args, **kwargs), "\n")
    app()
