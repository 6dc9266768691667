"""What the commands of trials share."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.extras import optional_imports


def run_command(run: Callable[[Sequence[str] | None], None]) -> int:
    """Exit code 2 and one line on stderr for every error that a user can mend, else 0.

    A trial computes with one thread unless OMP_NUM_THREADS says otherwise: the threads of trials
    that run side by side would wait for each other, at times for a hundred times as long.
    """
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    try:
        with optional_imports():
            run(None)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0
