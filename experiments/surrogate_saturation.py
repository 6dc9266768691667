"""Compare strategies on the embedded surrogate, to see whether searches use it up.

Runs strategies of the library for some hundred evaluations, and two of them for thousands. Prints
the best loss after 50 to 500 evaluations, the share of seeds that are within .02 nats of the
lowest known loss after 100, and how many cells share their loss with another.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

import nni_nlp_bench as nb

STRATEGIES = ("random", "regularized_evolution", "local_search", "bayesian", "policy_rl", "tpe")
LONG = ("regularized_evolution", "local_search")
STEPS = (50, 100, 200, 500)
CLOSE = 0.02
"""Nats."""


def main() -> None:
    """Run the searches and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder of the searches")
    parser.add_argument("--benchmark", default="nas-bench-nlp/ptb-surrogate")
    parser.add_argument("--strategies", default=",".join(STRATEGIES))
    parser.add_argument("--trials", type=int, default=STEPS[-1], help="evaluations of each search")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--long", type=int, default=5000, help="evaluations of the long searches")
    parser.add_argument("--jobs", type=int, default=2, help="searches at a time")
    arguments = parser.parse_args()
    strategies = arguments.strategies.split(",")
    parts = {
        "long": (LONG, arguments.long, 3),
        "short": (strategies, arguments.trials, arguments.seeds),
    }
    searches = {}
    for part, (strategies, count, seeds) in parts.items():
        out = arguments.out / part
        nb.compare(
            arguments.benchmark,
            strategies,
            n_trials=count,
            seeds=seeds,
            out=out,
            n_jobs=arguments.jobs,
        )
        searches[part] = pd.read_csv(out / "trials.csv")
    trials = pd.concat(searches.values())
    found = trials.loc[trials["status"] == "OK", "test_loss"].min()
    lowest = np.fmin(found, nb.load(arguments.benchmark).lowest_loss or np.nan)
    print(saturation(searches["short"], lowest).to_string())
    cells = trials.drop_duplicates("canonical_key")
    shared = cells["test_loss"].duplicated(keep=False).sum()
    print(f"lowest loss known: {lowest:.6f} nats")
    print(f"cells met: {len(cells):,}, of which share their loss with another: {shared}")


def saturation(trials: pd.DataFrame, lowest: float) -> pd.DataFrame:
    """Return the median best loss after so many evaluations, and the share of close seeds."""
    rows = {}
    steps = [step for step in STEPS if step <= trials.groupby(["strategy", "seed"]).size().max()]
    losses = trials["test_loss"].where(trials["status"] == "OK", np.inf)
    for strategy, of in trials.assign(loss=losses).groupby("strategy"):
        curves = [np.minimum.accumulate(seed["loss"].to_numpy()) for _, seed in of.groupby("seed")]
        best = {step: [curve[step - 1] for curve in curves] for step in steps}
        close = np.mean(np.array(best[100]) < lowest + CLOSE)
        rows[strategy] = {
            **{f"best after {step}": f"{np.median(best[step]):.4f}" for step in steps},
            "close after 100": f"{close:.0%}",
        }
    return pd.DataFrame.from_dict(rows, orient="index")


if __name__ == "__main__":
    main()
