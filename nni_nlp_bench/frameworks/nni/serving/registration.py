"""Names for our tuners among NNI's algorithms."""

from __future__ import annotations

from pathlib import Path

TUNERS = Path(__file__).with_name("tuners.yml")
"""The file for `nnictl algo register --meta`."""


def register_tuners() -> list[str]:
    """Write them into NNI's configuration of this environment; the names."""
    from nni.tools.nnictl.algo_management import read_reg_meta_list
    from nni.tools.package_utils import register_algo_meta

    metas = read_reg_meta_list(TUNERS)
    for meta in metas:
        register_algo_meta(meta)
    return [meta.name for meta in metas]
