"""What the commands of trials share."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from search_spaces.errors import UserError


def run_command(run: Callable[[Sequence[str] | None], None]) -> int:
    """Exit code 2 and one line on stderr for every error that a user can mend, else 0."""
    try:
        run(None)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0
