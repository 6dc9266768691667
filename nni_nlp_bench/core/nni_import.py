"""Load NNI without the banners and warnings that its old dependencies print."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings


def import_nni_quietly() -> None:
    """Import the parts of NNI that run searches; from then on its log is silent.

    NNI logs to stdout, where machines read JSON, and its errors are raised as well.
    """
    with contextlib.redirect_stderr(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import nni.nas.benchmark
        import nni.nas.strategy  # noqa: F401
    logging.getLogger("nni").setLevel(logging.CRITICAL)
