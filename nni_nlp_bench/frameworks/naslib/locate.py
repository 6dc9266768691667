"""Where NASLib is on this machine, and whether it is the release that this package knows."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path

from nni_nlp_bench.core.errors import UserError

HOME = "NASLIB_HOME"
"""Environment variable: the folder of NASLib's sources, the one that holds `naslib/`."""
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
"""What the release of 2023 has, of that which this package uses."""


class NaslibError(UserError):
    """NASLib is missing, or not the release that this package knows."""


def find_naslib() -> Path:
    """The folder `naslib`, of `$NASLIB_HOME` or on the import path. Raises NaslibError."""
    home = os.environ.get(HOME)
    folder = Path(home).expanduser() / "naslib" if home else _on_the_path()
    if folder is None or not folder.is_dir():
        where = "NASLib is not here" if folder is None else f"{HOME}: no folder {folder}"
        raise NaslibError(
            f"{where}: run `git clone -b {BRANCH} {REPOSITORY}` and set {HOME} to its folder"
        )
    missing = [name for name in FILES if not (folder / name).is_file()]
    if missing:
        raise NaslibError(
            f"{folder} is not the NASLib that is known here, it has no {missing[0]}: "
            f"use branch {BRANCH} of {REPOSITORY}"
        )
    return folder


def _on_the_path() -> Path | None:
    known = sys.modules.get("naslib")
    spec = find_spec("naslib") if known is None else known.__spec__
    return Path(spec.origin).parent if spec is not None and spec.origin else None
