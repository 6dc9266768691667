"""Register the tuners of this package with NNI."""

from __future__ import annotations

from pathlib import Path

TUNERS = Path(__file__).with_name("tuners.yml")
"""File for `nnictl algo register --meta`."""


def register_tuners() -> list[str]:
    """Register the tuners in NNI's configuration of this environment, and return their names."""
    from nni.tools.nnictl.algo_management import read_reg_meta_list
    from nni.tools.package_utils import register_algo_meta

    metas = read_reg_meta_list(TUNERS)
    for meta in metas:
        register_algo_meta(meta)
    return [meta.name for meta in metas]
