"""Time of `reinforce` itself: `python tests/performance/bench_reinforce.py`.

Prints milliseconds of CPU per architecture of `rnn_cell`, updates included and the first fit
excluded, as a ratio to the limit of 20 ms, and the seconds of that fit. Losses are invented.
"""

from __future__ import annotations

import argparse
import time

from nni_nlp_bench.strategies.registry import make_strategy
from search_spaces.registry import get_space

LIMIT_MS = 20.0


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--evaluations", type=int, default=500)
    options = parser.parse_args()
    space = get_space("rnn_cell")
    strategy = make_strategy("reinforce", space, 0, 50)
    start = time.process_time()
    proposal = strategy.ask()
    fit_s = time.process_time() - start
    start = time.process_time()
    for _ in range(options.evaluations):
        assert proposal is not None
        linear = float(space.describe(proposal.architecture)["linear"])
        strategy.tell(proposal, -4.5 - 2 / (1 + linear))
        proposal = strategy.ask()
    own_ms = 1000 * (time.process_time() - start) / options.evaluations
    print(f"reinforce, {options.evaluations} evaluations: {own_ms:.1f} ms of CPU per architecture")
    print(f"  of the limit of {LIMIT_MS:.0f} ms: {own_ms / LIMIT_MS:.2f}")
    print(f"  the fit to samples of the space: {fit_s:.1f} s, once")


if __name__ == "__main__":
    main()
