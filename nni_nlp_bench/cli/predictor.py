"""`predictor`: how well a predictor of NASLib ranks architectures, by NASLib's evaluators."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import typer

from nni_nlp_bench.cli import options

MEASURED = "predictor.json"


def predictor(
    name: Annotated[
        str,
        typer.Argument(
            help="Of NASLib: lgb, rf, mlp, gcn, ...; zero_cost:jacov, ...; or score:NAME of `list`."
        ),
    ],
    out: options.Out,
    space: options.SpaceName = "rnn_cell",
    benchmark: options.BenchmarkName = options.EMBEDDED,
    train: Annotated[int, typer.Option(min=2, help="Architectures that it is fitted to.")] = 100,
    test: Annotated[int, typer.Option(min=2, help="Architectures that it ranks.")] = 100,
    features: Annotated[
        Literal["counts", "flat"], typer.Option(help="Of an architecture, where it reads a vector.")
    ] = "counts",
    data: Annotated[
        str | None,
        typer.Option(help="Of zero-cost measures: labelled sentences, or a corpus, by name."),
    ] = None,
    seed: options.Seed = 0,
    restrict: options.Restrict = False,
    json: options.Json = False,
) -> None:
    """Measure how well a predictor, or a score of untrained networks, ranks architectures.

    Needs NASLib: NASLIB_HOME names the folder of its sources. Writes predictor.json to --out.
    """
    from nni_nlp_bench.benchmarks.of_space import load_of_space
    from nni_nlp_bench.cli.folder import claimed
    from nni_nlp_bench.cli.output import facts_table, print_json, print_tables
    from nni_nlp_bench.naslib.evaluation import evaluate_predictor
    from nni_nlp_bench.strategies.run import search_space
    from search_spaces.files import write_json

    loaded = load_of_space(benchmark, space)
    settings: dict[str, Any] = {
        "predictor": name,
        "benchmark": benchmark,
        "train": train,
        "test": test,
    }
    settings |= {"features": features, "data": data, "seed": seed, "restrict": restrict}
    with claimed(out, settings, "a measure"):
        found = evaluate_predictor(
            name,
            loaded,
            search_space(loaded, restrict),
            train=train,
            test=test,
            seed=seed,
            folder=out / "naslib",
            data=data,
            features=features,
        )
        write_json(out / MEASURED, {**settings, **found})
    if json:
        print_json({**settings, **found})
        return
    print_tables(facts_table({key: f"{value:.4g}" for key, value in found.items()}))
