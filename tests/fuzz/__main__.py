"""Run many cases of the fuzz test: `python tests/fuzz --cases 20000 --seed 7`."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from running import run_cases
from samples import write_samples


def main() -> int:
    """Run the cases; the number of failures is printed, and each with the command to repeat it."""
    parser = argparse.ArgumentParser(prog="python tests/fuzz", description=__doc__)
    parser.add_argument("--cases", type=int, default=1000, help="number of cases")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--case", type=int, help="run only the case of this number")
    parser.add_argument("--jobs", type=int, default=2, help="number of processes")
    options = parser.parse_args()
    numbers = range(options.cases) if options.case is None else [options.case]
    failures = 0
    with tempfile.TemporaryDirectory(prefix="fuzz-") as scratch:
        samples = Path(scratch, "samples")
        write_samples(samples)
        for failure in run_cases(options.seed, numbers, samples, Path(scratch), options.jobs):
            failures += 1
            print(failure, flush=True)
            print(
                f"    repeat: python tests/fuzz --seed {options.seed} --case {failure.case.number}"
            )
    print(f"{len(numbers)} cases, {failures} failures")
    return int(failures > 0)


if __name__ == "__main__":
    sys.exit(main())
