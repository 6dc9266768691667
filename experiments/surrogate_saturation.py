"""Compare strategies on the embedded surrogate, to see whether searches use it up.

Runs every strategy of the library for 500 evaluations, and two of them for 5,000, on
`nas-bench-nlp/ptb-surrogate`. Prints the best loss after 50 to 500 evaluations, the seeds within
.02 nats of the lowest loss that is known, and the cells that share their loss with another.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

import nni_nlp_bench as nb

BENCHMARK = "nas-bench-nlp/ptb-surrogate"
STRATEGIES = ("random", "regularized_evolution", "local_search", "bayesian", "policy_rl", "tpe")
LONG = ("regularized_evolution", "local_search")
STEPS = (50, 100, 200, 500)
CLOSE = 0.02
"""Nats."""


def main() -> None:
    """Run the searches and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder of the searches")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--long", type=int, default=5000, help="evaluations of the long searches")
    parser.add_argument("--jobs", type=int, default=2, help="searches at a time")
    arguments = parser.parse_args()
    out, jobs = arguments.out, arguments.jobs
    nb.compare(BENCHMARK, LONG, n_trials=arguments.long, seeds=3, out=out / "long", n_jobs=jobs)
    nb.compare(
        BENCHMARK,
        STRATEGIES,
        n_trials=STEPS[-1],
        seeds=arguments.seeds,
        out=out / "short",
        n_jobs=jobs,
    )
    searches = {part: pd.read_csv(out / part / "trials.csv") for part in ("long", "short")}
    trials = pd.concat(searches.values())
    lowest = trials["test_loss"].min()
    print(saturation(searches["short"], lowest).to_string())
    cells = trials.drop_duplicates("canonical_key")
    shared = cells["test_loss"].duplicated(keep=False).sum()
    print(f"lowest loss known: {lowest:.6f} nats")
    print(f"cells met: {len(cells):,}, of which share their loss with another: {shared}")


def saturation(trials: pd.DataFrame, lowest: float) -> pd.DataFrame:
    """Return the median best loss after so many evaluations, and the share of close seeds."""
    rows = {}
    for strategy, of in trials.groupby("strategy"):
        curves = [np.minimum.accumulate(seed["test_loss"]) for _, seed in of.groupby("seed")]
        best = {step: [curve.iloc[step - 1] for curve in curves] for step in STEPS}
        close = np.mean(np.array(best[100]) < lowest + CLOSE)
        rows[strategy] = {
            **{f"best after {step}": f"{np.median(best[step]):.4f}" for step in STEPS},
            "close after 100": f"{close:.0%}",
        }
    return pd.DataFrame.from_dict(rows, orient="index")


if __name__ == "__main__":
    main()
