"""Configuration of NASLib's optimizers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.evaluators.policies import validate_choice
from nni_nlp_bench.frameworks.naslib.encodings import FlatContent

OPTIMIZERS = {
    "random_search": "RandomSearch",
    "regularized_evolution": "RegularizedEvolution",
    "local_search": "LocalSearch",
    "bananas": "Bananas",
    "npenas": "Npenas",
}
"""Class of `naslib.optimizers` by name."""
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
    "features": "counts",
}
"""Options of the optimizers by NASLib's names, with the defaults of this package, and `features`:
the content of flat encodings, which predictors see."""


def check_options(optimizer: str, options: Mapping[str, Any]) -> None:
    """Raise UserError for an unknown optimizer, or an unknown or invalid option."""
    if optimizer not in OPTIMIZERS:
        known = ", ".join(OPTIMIZERS)
        raise UserError(f"unknown optimizer {optimizer!r} of NASLib; known: {known}")
    for name, value in options.items():
        if name not in OPTIONS:
            raise UserError(f"unknown option {name!r} of NASLib; known: {', '.join(OPTIONS)}")
        expected = type(OPTIONS[name])
        if not isinstance(value, expected):
            raise UserError(
                f"option {name} of NASLib must be of type {expected.__name__}, not {value!r}"
            )
    validate_choice("features", options.get("features", "counts"), FlatContent)


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
    """Return a configuration for `fvcore.common.config.CfgNode`.

    Args:
        dataset: Name of the benchmark.
        space: Name of the search space.
        trials: Number of evaluations; NASLib calls them epochs.
        full_training: Epochs of a full training.
        seed: Random seed.
        folder: Folder for NASLib's files.
        options: Options of the optimizer.
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
    """Return a NASLib optimizer by name; requires `prepare` first."""
    import naslib.optimizers as optimizers
    from fvcore.common.config import CfgNode

    return getattr(optimizers, OPTIMIZERS[name])(CfgNode(configuration))
