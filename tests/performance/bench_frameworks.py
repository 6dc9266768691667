"""Time the adapters of frameworks: `python tests/performance/bench_frameworks.py`.

For each framework it prints the CPU time per evaluation on a table of invented cells, beside bare
queries of the benchmark. Compare ratios of one run only.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import nni_nlp_bench as nb
from nni_nlp_bench.testing import synthetic_table


@dataclass(frozen=True)
class Measurement:
    """One way of evaluating architectures."""

    name: str
    evaluate: Callable[[], object]
    """Evaluates all of them."""


def optuna_measurements(table: nb.Table, evaluations: int) -> Iterator[Measurement]:
    """Optuna: its own loop, the objective, and a strategy as a sampler."""
    import optuna

    from nni_nlp_bench.frameworks.optuna.trials import suggest

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    objective = nb.OptunaObjective(table)
    choices = objective.choices
    held = table.architectures()[:evaluations]
    samples = [choices.to_sample(architecture) for architecture in held]

    def in_study(sampler: optuna.samplers.BaseSampler, run: Callable[..., object]) -> None:
        pruner = optuna.pruners.NopPruner()
        study = optuna.create_study(sampler=sampler, pruner=pruner)
        study.optimize(run, n_trials=evaluations)

    yield Measurement(
        "objective, fixed trials",
        lambda: [objective(optuna.trial.FixedTrial(sample)) for sample in samples],
    )

    def suggest_only(trial: optuna.Trial) -> int:
        return len(suggest(trial, choices, conditional=True))

    yield Measurement(
        "study that only suggests the parameters, RandomSampler",
        lambda: in_study(optuna.samplers.RandomSampler(seed=0), suggest_only),
    )
    yield Measurement(
        "study of the objective, RandomSampler",
        lambda: in_study(optuna.samplers.RandomSampler(seed=0), objective),
    )
    yield Measurement(
        "study of the objective, StrategySampler('random')",
        lambda: in_study(nb.StrategySampler("random", table), objective),
    )
    yield Measurement(
        "nb.search(..., 'random')",
        lambda: nb.search(table, "random", n_trials=evaluations),
    )


FRAMEWORKS: dict[str, Callable[[nb.Table, int], Iterator[Measurement]]] = {
    "optuna": optuna_measurements,
}
"""By name of a framework, its measurements."""


def seconds(run: Callable[[], object]) -> float:
    """Return the CPU time of the shortest of three runs: the adapters use one thread."""
    times = []
    for _ in range(3):
        start = time.process_time()
        run()
        times.append(time.process_time() - start)
    return min(times)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--framework", choices=[*FRAMEWORKS], help="one of them; all by default")
    parser.add_argument("--evaluations", type=int, default=100)
    options = parser.parse_args()
    table = synthetic_table(options.evaluations)
    held = table.architectures()
    bare = seconds(lambda: [table.query(architecture) for architecture in held]) / len(held)
    print(f"bare query: {1e3 * bare:.4f} ms")
    for name in [options.framework] if options.framework else FRAMEWORKS:
        print(name)
        for measurement in FRAMEWORKS[name](table, options.evaluations):
            each = seconds(measurement.evaluate) / options.evaluations
            print(f"  {measurement.name}: {1e3 * each:.2f} ms, {each / bare:.0f} queries")


if __name__ == "__main__":
    main()
