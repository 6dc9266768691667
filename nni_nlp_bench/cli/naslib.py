"""`naslib`: one of NASLib's optimizers, through NASLib's own Trainer."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from nni_nlp_bench.cli import options


def naslib(
    optimizer: Annotated[
        str,
        typer.Option(help="random_search, regularized_evolution, local_search, bananas or npenas."),
    ],
    out: options.Out,
    space: options.SpaceName = "rnn_cell",
    benchmark: options.BenchmarkName = options.EMBEDDED,
    trials: options.Trials = 200,
    seed: options.Seed = 0,
    predictor: Annotated[
        str | None,
        typer.Option(help="Of bananas and npenas: lgb (the default), mlp, bananas, rf, gcn, ..."),
    ] = None,
    miss: options.Miss = "error",
    restrict: options.Restrict = False,
    json: options.Json = False,
) -> None:
    """Search with an optimizer of NASLib. Run it again to go on after an interruption.

    Needs NASLib: NASLIB_HOME names the folder of its sources. Writes what `search` writes, and
    NASLib's own files, to --out. As naslib:NAME the optimizers are strategies of `compare` too.
    """
    from rich.console import Console

    from nni_nlp_bench.benchmarks.of_space import load_of_space
    from nni_nlp_bench.cli.folder import claimed
    from nni_nlp_bench.cli.output import bar
    from nni_nlp_bench.cli.searching import print_outcome
    from nni_nlp_bench.naslib.compat import prepare
    from nni_nlp_bench.naslib.configuration import check_options
    from nni_nlp_bench.naslib.suite import run_suite

    settings: dict[str, Any] = {} if predictor is None else {"predictor_type": predictor}
    check_options(optimizer, settings)
    load_of_space(benchmark, space)
    replaced = prepare()
    given = {"optimizer": optimizer, "benchmark": benchmark, "trials": trials, "seed": seed}
    given |= {"miss": miss, "restrict": restrict, "options": settings}
    with claimed(out, given, "a search"):
        Console(stderr=True).print(str(replaced), style="dim", highlight=False)
        with bar(f"{optimizer}, seed {seed}") as advance:
            outcome = run_suite(
                optimizer,
                space,
                benchmark,
                out=out,
                trials=trials,
                seed=seed,
                miss=miss,
                restrict=restrict,
                options=settings,
                on_trial=lambda trial: advance(trial.index + 1, trials),
            )
        print_outcome(outcome, out, json)
