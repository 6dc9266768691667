"""How soon a trial of NNI answers from a benchmark, beside what `import nni` alone takes.

python tests/performance/bench_trial.py
"""

from __future__ import annotations

import subprocess
import sys
import time
from statistics import median

RUNS = 7
LIMIT_S = 1.0
TRIAL = ["-m", "nni_nlp_bench.frameworks.nni.trial", "--architecture", "lstm"]


def seconds(arguments: list[str]) -> float:
    """Median time of a Python process from its start to its end."""
    taken = []
    for _ in range(RUNS):
        start = time.perf_counter()
        command = [sys.executable, "-W", "ignore", *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        taken.append(time.perf_counter() - start)
    return median(taken)


def main() -> None:
    """Print the figures."""
    trial, nni, torch = (
        seconds(TRIAL),
        seconds(["-c", "import nni"]),
        seconds(["-c", "import torch"]),
    )
    print(f"a trial on the surrogate, start to end: {trial:.2f} s (limit {LIMIT_S:.0f} s)")
    print(f"`import nni` alone: {nni:.2f} s, {nni / trial:.1f} times as long")
    print(f"`import torch` alone: {torch:.2f} s, {torch / trial:.1f} times as long")


if __name__ == "__main__":
    main()
