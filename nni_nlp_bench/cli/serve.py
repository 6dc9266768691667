"""`serve`: a trained model as an HTTP server on this machine."""

from __future__ import annotations

from typing import Annotated

import typer

from nni_nlp_bench.cli import options
from nni_nlp_bench.cli.output import echo
from nni_nlp_bench.core.limits import MAX_PROCESSES


def serve(
    model: options.Model,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 for a free one.")] = 8000,
    threads: Annotated[
        int, typer.Option(min=1, max=MAX_PROCESSES, help="Number of CPU threads.")
    ] = 1,
) -> None:
    """Serve a trained model on 127.0.0.1: a page to try it, and JSON for programs.

    Classifiers have POST /predict, language models POST /generate and POST /perplexity; all have
    GET /model and GET /openapi.json. Ctrl-C ends it.
    """
    from nni_nlp_bench.models.loading import load_model
    from nni_nlp_bench.models.serving.server import serve as run

    loaded = load_model(model)
    run(loaded, port, threads, lambda url: echo(f"{loaded.manifest.name}: {url} (Ctrl-C ends it)"))
