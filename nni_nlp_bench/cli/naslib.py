"""`naslib`: one of NASLib's optimizers, through NASLib's own Trainer."""

from __future__ import annotations

from typing import Annotated

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
    from nni_nlp_bench.cli.naslib_search import search_by_naslib
    from nni_nlp_bench.evaluators.budget import Budget
    from nni_nlp_bench.evaluators.simulation import Settings
    from nni_nlp_bench.naslib.suite import PREFIX, Suite
    from nni_nlp_bench.strategies.run import Search

    chosen = {} if predictor is None else {"predictor_type": predictor}
    search = Search(
        PREFIX + optimizer, seed, Settings(miss=miss, budget=Budget(trials)), restrict, chosen
    )
    search_by_naslib(Suite(optimizer, search), benchmark, space, out, json)
