"""Entry point shared by the trial commands."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Sequence

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.extras import optional_imports
from nni_nlp_bench.core.printable import printable


def run_command(run: Callable[[Sequence[str] | None], None]) -> int:
    """Run a trial command.

    Trials use one thread unless OMP_NUM_THREADS is set: the threads of parallel trials would
    compete for cores, and may take a hundred times as long.

    SIGINT ends the process at once. NNI cancels trials by it: one that ends by the signal counts as
    canceled, one that ends with an exit code, as after KeyboardInterrupt in an import, as failed.

    Args:
        run: Function to run; it gets None and parses `sys.argv`.

    Returns:
        Exit code: 2 for a UserError, which is printed in one line on stderr, otherwise 0.
    """
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        with optional_imports():
            run(None)
    except UserError as error:
        print(f"error: {printable(str(error))}", file=sys.stderr)
        return 2
    return 0
