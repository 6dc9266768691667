"""Dynamics of a small untrained cell, as named numbers, the same for equal cells.

In the published training the matrices that do not read x stay at their random start, so a trained
cell is close to an echo state network. What such a network can do shows without training: how long
a changed input lives on, and how well its outputs give back past inputs and products of them by
linear regression. All cells see the same inputs and draw from the same weights in canonical order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search_spaces.rnn_cell.architecture import Recipe
from search_spaces.rnn_cell.arithmetic import Arithmetic, FixedPoint, SinglePrecision
from search_spaces.rnn_cell.linear_products import Drive, Weights
from search_spaces.rnn_cell.simulation import Kick, simulate

INPUTS = 6
PUSH = 0.3
GAIN = 1.0
BIAS = 0.2
RIDGE = 0.03
"""Relative to the mean square of an output: stands for the dropout before the decoder."""
RECALLED_STEPS = 6
_EARLY = 5
_TINY = 1e-9

Values = NDArray[Any]
"""In the number format of the simulation."""
Matrix = NDArray[np.float64]
Lag = Callable[[int], Matrix]


@dataclass(frozen=True)
class Simulation:
    """Settings of the simulated cells."""

    arithmetic: type[Arithmetic]
    digits: int | None
    """Significant digits of the features; None keeps all."""
    width: int
    steps: int
    warm_up: int
    """First steps, whose outputs are left out."""
    sequences: int
    twins: int
    """Sequences that run once more with an input replaced, and once more with pushed states."""
    ages: tuple[int, ...]
    """Steps after which the effect of that is measured."""


FIXED_POINT = Simulation(
    FixedPoint,
    digits=6,
    width=40,
    steps=28,
    warm_up=8,
    sequences=18,
    twins=4,
    ages=(0, 1, 2, 4, 8, 14, 19),
)
"""Its features are the same on every machine."""
DETAILED = Simulation(
    FixedPoint,
    digits=6,
    width=48,
    steps=36,
    warm_up=12,
    sequences=24,
    twins=6,
    ages=(0, 1, 2, 4, 8, 16, 23),
)
"""Takes twice as long; its recall agrees better with losses."""
SINGLE_PRECISION = replace(DETAILED, arithmetic=SinglePrecision, digits=None)
"""Its features differ in the last digits between processors; kept for older surrogates."""


@dataclass(frozen=True)
class Probe:
    """The inputs of every cell, and the targets of its read-outs."""

    drive: Drive
    kick: Kick
    targets: Values
    """Centred, (steps after the warm-up x sequences) x columns."""
    variances: Values
    """Of the columns of the targets."""
    first_columns: dict[str, int]
    """Name of a target -> its first column; a target runs to the first column of the next."""


def behaviour(recipe: Recipe, simulation: Simulation = FIXED_POINT) -> dict[str, float]:
    """Return size, spread, memory and recall of the output.

    Names are always the same, and values are always finite.
    """
    probe = default_probe(simulation)
    outputs = simulate(recipe, probe.drive, probe.kick)
    seen = outputs[simulation.warm_up :, : simulation.sequences].reshape(-1, simulation.width)
    mean = seen.mean(axis=0)
    centred = seen - mean
    covariance = (centred.T @ centred).astype(np.float64) / len(seen)
    square = covariance.diagonal() + mean.astype(np.float64) ** 2
    spread = float(np.sqrt(covariance.diagonal().mean())) + _TINY
    found = {
        **_size(outputs, centred, mean, spread),
        **_dimensions(covariance),
        **_lives_on(simulation, outputs, spread),
        **_recall(probe, centred, covariance, square),
    }
    if simulation.digits is None:
        return found
    return {name: float(f"{value:.{simulation.digits}g}") for name, value in found.items()}


@cache
def default_probe(simulation: Simulation) -> Probe:
    """Return Gaussian inputs and uniform weights from fixed seeds."""
    of, arithmetic = simulation, simulation.arithmetic
    rng = np.random.default_rng(20200612)
    tokens = rng.standard_normal((of.steps, of.sequences, INPUTS))
    push = PUSH * rng.standard_normal((of.twins, of.width))
    weights = Weights.draw(rng, inputs=INPUTS, width=of.width, gain=GAIN, bias=BIAS)
    replaced = tokens[:, : of.twins].copy()
    replaced[of.warm_up] = np.roll(replaced[of.warm_up], 1, axis=0)
    rows = np.concatenate([tokens, replaced, tokens[:, : of.twins]], axis=1)
    ones = np.ones((of.steps, rows.shape[1], 1))
    targets = _targets(lambda lag: tokens[of.warm_up - lag : of.steps - lag])
    columns = np.concatenate(list(targets.values()), axis=1)
    centred = (columns - columns.mean(axis=0)).astype(arithmetic.dtype)
    ends = np.cumsum([values.shape[1] for values in targets.values()]).tolist()
    return Probe(
        drive=Drive(weights, np.concatenate([rows, ones], axis=2), arithmetic),
        kick=Kick(of.warm_up, slice(of.sequences + of.twins, None), push.astype(arithmetic.dtype)),
        targets=centred,
        variances=(centred**2).mean(axis=0),
        first_columns=dict(zip(targets, [0, *ends[:-1]], strict=True)),
    )


def _targets(past: Lag) -> Mapping[str, Matrix]:
    """Past inputs, their sizes, and products within a step and between steps."""
    half = INPUTS // 2

    def a(lag: int) -> Matrix:
        return past(lag)[..., :half]

    def b(lag: int) -> Matrix:
        return past(lag)[..., half:]

    targets = {f"{lag}": past(lag) for lag in range(RECALLED_STEPS)}
    targets |= {f"size_{lag}": abs(past(lag)) for lag in range(2)}
    targets |= {f"pair_{lag}": a(lag) * b(lag) for lag in range(3)}
    targets |= {f"product_{i}_{j}": a(i) * a(j) for i, j in ((0, 1), (1, 2), (0, 2))}
    targets["product_0_1_2"] = a(0) * a(1) * a(2)
    return {name: values.reshape(-1, values.shape[-1]) for name, values in targets.items()}


def _size(
    outputs: Values,
    centred: Values,
    mean: Values,
    spread: float,
) -> dict[str, float]:
    own = centred.std(axis=0)
    offset = _log((own + _TINY) / (abs(mean) + _TINY)).mean()
    squares = (centred / centred.dtype.type(spread)) ** 2
    size = abs(outputs[[_EARLY, -1]]).mean(axis=(1, 2))
    return {
        "size": float(_log(np.hypot(spread, np.sqrt((mean**2).mean())))),
        "spread": float(_log(spread)),
        "spread_to_mean": float(offset),
        "peakedness": float(_log((squares * squares).mean())),
        "growth": float(_log(size[1]) - _log(size[0])),
    }


def _dimensions(covariance: Matrix) -> dict[str, float]:
    """Return how many directions the units of the output span."""
    own = np.sqrt(covariance.diagonal()) + _TINY
    correlation = covariance / own[:, None] / own
    np.fill_diagonal(correlation, 1)
    _, volume = np.linalg.slogdet(correlation + 1e-3 * np.eye(len(own)))
    return {
        "dimensions": float(correlation.size / (correlation**2).sum()),
        "log_volume": float(volume) / len(own),
    }


def _lives_on(of: Simulation, outputs: Values, spread: float) -> dict[str, float]:
    """Mean change of the output, in its spreads, so many steps after a replaced input or push."""
    seen, ages = outputs[of.warm_up :], list(of.ages)
    base = seen[:, : of.twins]
    features: dict[str, float] = {}
    for name, first in (("input", of.sequences), ("state", of.sequences + of.twins)):
        twins = seen[:, first : first + of.twins]
        change = abs(twins[ages] - base[ages]).mean(axis=(1, 2)) / spread
        features |= {f"{name}_lives_{a}": float(_log(c)) for a, c in zip(ages, change, strict=True)}
    return features


def _recall(probe: Probe, centred: Values, covariance: Matrix, square: Matrix) -> dict[str, float]:
    """Explained variance (1 is best) of the targets by ridge regression on the output."""
    targets = probe.targets
    cross = (centred.T @ targets).astype(np.float64) / len(centred)
    ridge = RIDGE * square + 1e-6 * square.max() + _TINY**2
    solution = np.linalg.solve(covariance + np.diag(ridge), cross)
    explained = 2 * (solution * cross).sum(0) - (solution * (covariance @ solution)).sum(0)
    explained /= probe.variances
    starts = list(probe.first_columns.values())
    sums = np.add.reduceat(explained, starts) / np.diff([*starts, targets.shape[1]])
    recall = {
        f"recall_{name}": float(of) for name, of in zip(probe.first_columns, sums, strict=True)
    }
    recall["recall_total"] = sum(recall[f"recall_{lag}"] for lag in range(RECALLED_STEPS))
    return recall


def _log(value: float | NDArray[np.floating]) -> NDArray[np.float64]:
    """Decimal logarithm, with a floor for what is gone."""
    return np.log10(np.asarray(value, dtype=np.float64) + 1e-6)
