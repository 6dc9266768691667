"""The command's entry point: its verbs, and one line for every error that a user can mend."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from nni_nlp_bench import __version__
from nni_nlp_bench.cli.arch import arch
from nni_nlp_bench.cli.benchmark import benchmark
from nni_nlp_bench.cli.compare import compare
from nni_nlp_bench.cli.down import down
from nni_nlp_bench.cli.evaluate import evaluate
from nni_nlp_bench.cli.examples import examples
from nni_nlp_bench.cli.list_verb import list_parts
from nni_nlp_bench.cli.naslib import naslib
from nni_nlp_bench.cli.predictor import predictor
from nni_nlp_bench.cli.register import register
from nni_nlp_bench.cli.report import report
from nni_nlp_bench.cli.score import score
from nni_nlp_bench.cli.search import search
from nni_nlp_bench.cli.status import status
from nni_nlp_bench.cli.study import study
from nni_nlp_bench.cli.teacher import teacher
from nni_nlp_bench.cli.train import train
from nni_nlp_bench.cli.up import up
from search_spaces.errors import UserError
from search_spaces.extras import optional_imports


class Verbs(TyperGroup):
    """A group that ends with exit code 2 and one line on stderr for a UserError."""

    def invoke(self, ctx: Any) -> Any:
        """Run the verb."""
        try:
            with optional_imports():
                return super().invoke(ctx)
        except UserError as error:
            line = " ".join(str(error).split())
            # What is not printable could steer the terminal, and may come from a file.
            shown = "".join(c if c.isprintable() else "?" for c in line)
            typer.echo(f"error: {shown}", err=True)
            raise typer.Exit(2) from None


app = typer.Typer(
    name="nni-nlp-bench",
    cls=Verbs,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)


def print_version(requested: bool) -> None:
    """Print the version and exit."""
    if requested:
        typer.echo(f"nni-nlp-bench {__version__}")
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[
        bool,
        typer.Option("--version", callback=print_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Neural architecture search for language: spaces, benchmarks, strategies."""


app.command("list")(list_parts)
app.command("search")(search)
app.command("compare")(compare)
app.command("study")(study)
app.command("naslib")(naslib)
app.command("predictor")(predictor)
app.command("teacher")(teacher)
app.command("train")(train)
app.command("evaluate")(evaluate)
app.command("score")(score)
app.command("up")(up)
app.command("status")(status)
app.command("down")(down)
app.command("report")(report)
app.command("examples")(examples)
app.command("register")(register)
app.add_typer(arch, name="arch")
app.add_typer(benchmark, name="benchmark")


def main() -> None:
    """Run the command."""
    app()
