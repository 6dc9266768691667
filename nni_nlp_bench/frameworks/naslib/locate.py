"""Locate NASLib and check its release."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path

from nni_nlp_bench.core.errors import UserError

HOME = "NASLIB_HOME"
"""Environment variable with the folder of NASLib's sources, which contains `naslib/`."""
REPOSITORY = "https://github.com/automl/NASLib"
BRANCH = "Develop"
FILES = (
    "search_spaces/core/graph.py",
    "search_spaces/core/query_metrics.py",
    "optimizers/discrete/rs/optimizer.py",
    "optimizers/discrete/re/optimizer.py",
    "optimizers/discrete/ls/optimizer.py",
    "optimizers/discrete/bananas/optimizer.py",
    "optimizers/discrete/npenas/optimizer.py",
    "predictors/ensemble.py",
    "predictors/zerocost.py",
    "defaults/trainer.py",
    "defaults/predictor_evaluator.py",
    "evaluators/zc_evaluator.py",
    "utils/zerocost.py",
)
"""Files of the release of 2023 that this package uses."""


class NaslibError(UserError):
    """NASLib is missing, or not a supported release."""


def find_naslib() -> Path:
    """Return the folder `naslib` in `$NASLIB_HOME` or on the import path.

    Raises:
        NaslibError: NASLib is missing, or not a supported release.
    """
    sources = os.environ.get(HOME)
    folder = Path(sources).expanduser() / "naslib" if sources else _on_import_path()
    if folder is None or not folder.is_dir():
        reason = "NASLib is not installed" if folder is None else f"{HOME}: no folder {folder}"
        raise NaslibError(
            f"{reason}: run `git clone -b {BRANCH} {REPOSITORY}` and set {HOME} to its folder"
        )
    missing = [name for name in FILES if not (folder / name).is_file()]
    if missing:
        raise NaslibError(
            f"{folder} is not a supported release of NASLib, {missing[0]} is missing: "
            f"use branch {BRANCH} of {REPOSITORY}"
        )
    return folder


def _on_import_path() -> Path | None:
    known = sys.modules.get("naslib")
    spec = find_spec("naslib") if known is None else known.__spec__
    return Path(spec.origin).parent if spec is not None and spec.origin else None
