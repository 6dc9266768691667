"""What NASLib's optimizers read from their configuration."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nni_nlp_bench.core.errors import UserError

OPTIMIZERS = {
    "random_search": "RandomSearch",
    "regularized_evolution": "RegularizedEvolution",
    "local_search": "LocalSearch",
    "bananas": "Bananas",
    "npenas": "Npenas",
}
"""Name here -> class of `naslib.optimizers`."""
OPTIONS: dict[str, Any] = {
    "sample_size": 10,
    "population_size": 30,
    "num_init": 10,
    "k": 10,
    "num_ensemble": 3,
    "predictor_type": "lgb",
    "acq_fn_type": "its",
    "acq_fn_optimization": "mutation",
    "num_arches_to_mutate": 2,
    "max_mutations": 1,
    "num_candidates": 100,
}
"""Settings of the optimizers, by NASLib's names, with this package's defaults."""


def check_options(optimizer: str, options: Mapping[str, Any]) -> None:
    """Raise UserError for an optimizer or an option that nobody knows."""
    if optimizer not in OPTIMIZERS:
        known = ", ".join(OPTIMIZERS)
        raise UserError(f"unknown optimizer {optimizer!r} of NASLib; known: {known}")
    for name, value in options.items():
        if name not in OPTIONS:
            raise UserError(f"unknown option {name!r} of NASLib; known: {', '.join(OPTIONS)}")
        wanted = type(OPTIONS[name])
        if not isinstance(value, wanted):
            raise UserError(f"option {name} of NASLib is of type {wanted.__name__}, not {value!r}")


def search_configuration(
    *,
    dataset: str,
    space: str,
    trials: int,
    full_training: int,
    seed: int,
    folder: Path,
    options: Mapping[str, Any],
) -> dict[str, Any]:
    """The tree that `fvcore.common.config.CfgNode` takes; an epoch of NASLib's is one trial.

    `full_training` is in epochs of training: random search asks for that length.
    """
    return {
        "seed": seed,
        "dataset": dataset,
        "search_space": space,
        "save": str(folder),
        "search": {
            "seed": seed,
            "epochs": trials,
            "fidelity": full_training - 1,
            "checkpoint_freq": trials,
            "encoding_type": "adjacency_one_hot",
            **OPTIONS,
            **options,
        },
    }


def make_optimizer(name: str, configuration: Mapping[str, Any]) -> Any:
    """NASLib's optimizer of that name; NASLib is imported already."""
    import naslib.optimizers as theirs
    from fvcore.common.config import CfgNode

    return getattr(theirs, OPTIMIZERS[name])(CfgNode(configuration))
