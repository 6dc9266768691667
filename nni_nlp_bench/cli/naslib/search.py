"""`naslib search`: search with a NASLib optimizer in NASLib's Trainer."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from nni_nlp_bench.cli import options
from nni_nlp_bench.cli.output import bar


def search(
    optimizer: Annotated[
        str,
        typer.Option(
            help="Optimizer: random_search, regularized_evolution, local_search, bananas or npenas."
        ),
    ],
    out: options.Out,
    space: options.BenchmarkSpace = None,
    benchmark: options.BenchmarkName = options.EMBEDDED,
    trials: options.Trials = 200,
    seed: options.Seed = 0,
    predictor: Annotated[
        str | None,
        typer.Option(
            help="Predictor of bananas or npenas: lgb (default), mlp, bananas, rf, gcn, ..."
        ),
    ] = None,
    on_missing: options.OnMissing = "error",
    restrict: options.Restrict = None,
    json: options.Json = False,
) -> None:
    """Search with a NASLib optimizer. Run it again to resume after an interruption.

    Needs NASLib: set NASLIB_HOME to the folder of its sources. Writes the files of `search`, and
    those of NASLib, to --out. `compare` has the optimizers too, as strategies naslib:NAME.
    """
    from nni_nlp_bench.benchmarks.catalogue import load
    from nni_nlp_bench.cli.console import LiteralConsole
    from nni_nlp_bench.cli.search_runner import print_comparison
    from nni_nlp_bench.core.output_dir import locked_output_dir
    from nni_nlp_bench.frameworks.naslib.compat import prepare
    from nni_nlp_bench.frameworks.naslib.configuration import check_options
    from nni_nlp_bench.frameworks.naslib.suite import run_suite

    settings: dict[str, Any] = {} if predictor is None else {"predictor_type": predictor}
    check_options(optimizer, settings)
    loaded = load(benchmark, space)
    patches = prepare()
    configuration = {"optimizer": optimizer, "benchmark": benchmark, "trials": trials, "seed": seed}
    configuration |= {"benchmark_data": loaded.digest}
    configuration |= {"on_missing": on_missing, "restrict": restrict, "options": settings}
    with locked_output_dir(out, configuration, "a search"):
        LiteralConsole(stderr=True).print(str(patches), style="dim")
        with bar(f"{optimizer}, seed {seed}") as advance:
            result = run_suite(
                optimizer,
                space,
                benchmark,
                out=out,
                trials=trials,
                seed=seed,
                on_missing=on_missing,
                restrict=restrict,
                options=settings,
                on_trial=lambda trial: advance(trial.index + 1, trials),
            )
        print_comparison(result, out, json)
