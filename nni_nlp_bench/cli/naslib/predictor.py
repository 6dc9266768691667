"""`naslib predictor`: evaluate how well a predictor ranks architectures."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import typer

from nni_nlp_bench.cli import options
from nni_nlp_bench.cli.output import key_value_table, print_json, print_tables
from nni_nlp_bench.core.limits import MAX_COUNT

RESULTS = "predictor.json"


def predictor(
    name: Annotated[
        str,
        typer.Argument(
            help="Predictor of NASLib (lgb, rf, mlp, gcn, ...), zero_cost:MEASURE or score:NAME."
        ),
    ],
    out: options.Out,
    space: options.BenchmarkSpace = None,
    benchmark: options.BenchmarkName = options.EMBEDDED,
    train: Annotated[
        int,
        typer.Option(min=2, max=MAX_COUNT, help="Number of architectures to fit the predictor to."),
    ] = 100,
    test: Annotated[
        int, typer.Option(min=2, max=MAX_COUNT, help="Number of architectures to rank.")
    ] = 100,
    features: Annotated[
        Literal["counts", "flat", "all"],
        typer.Option(help="Content of flat encodings; all features of a cell take milliseconds."),
    ] = "counts",
    data: Annotated[
        str | None,
        typer.Option(help="Input of zero-cost measures: labelled sentences or a corpus."),
    ] = None,
    seed: options.Seed = 0,
    restrict: options.Restrict = None,
    json: options.Json = False,
) -> None:
    """Evaluate how well a predictor or a zero-cost score ranks architectures.

    Needs NASLib: set NASLIB_HOME to the folder of its sources. Writes predictor.json to --out.
    """
    from nni_nlp_bench.benchmarks.catalogue import load
    from nni_nlp_bench.core.files import write_json
    from nni_nlp_bench.core.output_dir import locked_output_dir
    from nni_nlp_bench.frameworks.naslib.evaluation import evaluate_predictor
    from nni_nlp_bench.strategies.search import search_space

    loaded = load(benchmark, space)
    settings: dict[str, Any] = {
        "predictor": name,
        "benchmark": benchmark,
        "benchmark_data": loaded.digest,
        "train": train,
        "test": test,
    }
    settings |= {"features": features, "data": data, "seed": seed, "restrict": restrict}
    with locked_output_dir(out, settings, "an evaluation"):
        results = evaluate_predictor(
            name,
            loaded,
            search_space(loaded, bool(restrict)),
            train=train,
            test=test,
            seed=seed,
            folder=out / "naslib",
            data=data,
            features=features,
        )
        write_json(out / RESULTS, {**settings, **results})
    if json:
        print_json({**settings, **results})
        return
    print_tables(key_value_table({key: f"{value:.4g}" for key, value in results.items()}))
