"""Ensembles of regression models, whose spread estimates the uncertainty of predictions."""

from __future__ import annotations

import warnings
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.core.environment import single_thread

Array = NDArray[np.float64]
Bag = Literal["boosted", "forest", "mlp"]


def predictions(
    bag: Bag, size: int, x: Array, y: Array, candidates: Array, rng: np.random.Generator
) -> Array:
    """Return predictions (size, candidates) of models fitted to `x` and `y`.

    A model is a boosted ensemble or one tree of a random forest, each fitted to a resample, or a
    neural network, which differ in their initial weights.
    """
    members = {"boosted": _boosted, "forest": _forest, "mlp": _networks}[bag]
    return members(size, x, y, candidates, rng)


def _boosted(size: int, x: Array, y: Array, candidates: Array, rng: np.random.Generator) -> Array:
    import lightgbm

    members = []
    for _ in range(size):
        rows = rng.integers(len(y), size=len(y))
        parameters = {
            "objective": "regression",
            "num_leaves": 8,
            "min_data_in_leaf": 2,
            "learning_rate": 0.25,
            "num_threads": 1,
            "deterministic": True,
            "seed": int(rng.integers(2**31)),
            "feature_fraction": 0.5,
            "verbosity": -1,
        }
        data = lightgbm.Dataset(x[rows], y[rows], params=parameters)
        model = lightgbm.train(parameters, data, num_boost_round=20, keep_training_booster=True)
        members.append(np.asarray(model.predict(candidates)))
    return np.stack(members)


def _forest(size: int, x: Array, y: Array, candidates: Array, rng: np.random.Generator) -> Array:
    from sklearn.ensemble import RandomForestRegressor

    seed = int(rng.integers(2**31))
    forest = RandomForestRegressor(size, min_samples_leaf=2, max_features=5 / 6, random_state=seed)
    forest.fit(x, y)
    return np.stack([tree.predict(candidates) for tree in forest.estimators_])


def _networks(size: int, x: Array, y: Array, candidates: Array, rng: np.random.Generator) -> Array:
    """Return predictions of networks of ten layers of 20 units, as in BANANAS."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPRegressor

    members = []
    for _ in range(size):
        network = MLPRegressor(
            hidden_layer_sizes=(20,) * 10,
            learning_rate_init=0.01,
            batch_size=min(32, len(y)),
            random_state=int(rng.integers(2**31)),
        )
        with single_thread(), warnings.catch_warnings():
            # the number of epochs is fixed
            warnings.simplefilter("ignore", ConvergenceWarning)
            members.append(network.fit(x, y).predict(candidates))
    return np.stack(members)
