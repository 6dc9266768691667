"""Apply each deliberate fault to a copy of the sources and check that its test fails.

python tests/faults/run.py [NAME ...] [--write docs/testing.md] [--tree CHECKOUT]

First all tests must pass without a fault. Prints a table; the exit code is 1 where a fault is not
caught.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import cache_from_source
from pathlib import Path
from tempfile import TemporaryDirectory

from deliberate_faults import FAULTS, Fault

ROOT = Path(__file__).parents[2]
BEGIN, END = "<!-- faults -->", "<!-- /faults -->"
_PASSED, _FAILED = 0, 1


class Checkout:
    """A copy of the sources, whose tests run on the copy."""

    def __init__(self, tree: Path, folder: Path) -> None:
        listing = ["git", "-C", str(tree), "ls-files", "-z", "--cached", "--others"]
        found = subprocess.run([*listing, "--exclude-standard"], capture_output=True, check=True)
        for name in found.stdout.decode().split("\0"):
            if name and (tree / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(tree / name, folder / name)
        self.folder = folder
        shared = os.environ.get("NNI_NLP_BENCH_SHARED", str(tree.resolve().parent / "shared"))
        paths = {"PYTHONPATH": str(folder), "NNI_NLP_BENCH_SHARED": shared}
        self.environment = {**os.environ, "OMP_NUM_THREADS": "1", **paths}

    def run(self, tests: Iterable[str]) -> subprocess.CompletedProcess[str]:
        """Run these tests; `_PASSED` and `_FAILED` are pytest's exit codes."""
        options = ("-o", "addopts=--import-mode=importlib", "-p", "no:cacheprovider", "-q", "-x")
        return subprocess.run(
            [sys.executable, "-m", "pytest", *options, "--tb=short", *tests],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
        )

    @contextmanager
    def with_fault(self, fault: Fault) -> Iterator[None]:
        """Apply the fault inside the block."""
        path = self.folder / fault.file
        text = path.read_text("utf-8")
        if text.count(fault.before) != 1:
            raise SystemExit(f"{fault.name}: {fault.file} does not hold {fault.before!r} once")
        self._replace(path, text.replace(fault.before, fault.after))
        try:
            yield
        finally:
            self._replace(path, text)

    @staticmethod
    def _replace(path: Path, text: str) -> None:
        """Write a source file; its bytecode may be as old and the source as long as before."""
        path.write_text(text, "utf-8")
        Path(cache_from_source(str(path))).unlink(missing_ok=True)


def is_caught(fault: Fault, checkout: Checkout) -> bool:
    """Whether the test of the fault fails with it."""
    with checkout.with_fault(fault):
        return checkout.run([fault.test]).returncode == _FAILED


def markdown(results: Sequence[tuple[Fault, bool]]) -> str:
    """The results as a table."""
    rows = [
        f"| {fault.what} | `{fault.file}` | `{fault.test.removeprefix('tests/')}` "
        f"| {fault.tier} | {'yes' if caught else '**no**'} |"
        for fault, caught in results
    ]
    head = ("| fault | file | caught by, in `tests/` | tier | caught |", "|---|---|---|---|---|")
    return "\n".join((*head, *rows))


def write(path: Path, table: str) -> None:
    """Put the table between its marks in a page."""
    before, _, rest = path.read_text("utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    path.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}", "utf-8")


def arguments() -> Namespace:
    """The arguments of the command line."""
    parser = ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", choices=[[], *(fault.name for fault in FAULTS)])
    parser.add_argument("--write", type=Path, help="page whose table of faults is replaced")
    parser.add_argument("--tree", type=Path, default=ROOT, help="checkout to test")
    return parser.parse_args()


def main() -> int:
    """Check the faults and return the exit code."""
    options = arguments()
    faults = [fault for fault in FAULTS if not options.names or fault.name in options.names]
    with TemporaryDirectory(prefix="faults-") as folder:
        checkout = Checkout(options.tree, Path(folder))
        sound = checkout.run(sorted({fault.test for fault in faults}))
        if sound.returncode != _PASSED:
            print(sound.stdout, file=sys.stderr)
            print("the tests fail without any fault", file=sys.stderr)
            return 1
        results = []
        for fault in faults:
            results.append((fault, is_caught(fault, checkout)))
            print(f"{fault.name}: {'caught' if results[-1][1] else 'NOT caught'}", file=sys.stderr)
    print(markdown(results))
    if options.write is not None:
        write(options.write, markdown(results))
    return 0 if all(caught for _, caught in results) else 1


if __name__ == "__main__":
    sys.exit(main())
