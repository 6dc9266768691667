"""Import of NNI without banners and warnings of its dependencies."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings


def import_nni_quietly() -> None:
    """Import the parts of NNI that run searches, and disable its log.

    NNI logs to stdout, which is reserved for JSON; its errors are also raised.
    """
    with contextlib.redirect_stderr(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import nni.nas.benchmark
        import nni.nas.strategy  # noqa: F401
    logging.getLogger("nni").setLevel(logging.CRITICAL)
