"""Directions, parameters and user attributes of trials of Optuna."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import optuna

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.evaluators.trial import Trial
from search_spaces.choices import Choices, ConditionalChoices


def check_directions(trial: optuna.trial.BaseTrial, directions: Sequence[str]) -> None:
    """Raise UserError if the study of a trial has other directions than an objective."""
    if not isinstance(trial, optuna.Trial):  # a fixed trial has no study
        return
    found = [direction.name.lower() for direction in trial.study.directions]
    if found != [*directions]:
        raise UserError(
            f"the objective is to {', '.join(directions)}, the study is to {', '.join(found)}: "
            "create it with directions=objective.directions"
        )


def suggest(trial: Any, choices: Choices, conditional: bool) -> dict[str, Any]:
    """Return the values that a trial suggests for the choices.

    Args:
        trial: Trial of Optuna.
        choices: The choices of a space.
        conditional: Whether to leave out choices that do not matter.
    """
    sample: dict[str, Any] = {}
    active = choices.is_active if conditional and isinstance(choices, ConditionalChoices) else None
    for label, values in choices.categoricals.items():
        if active is None or active(label, sample):
            sample[label] = trial.suggest_categorical(label, values)
    return sample


def set_attributes(trial: Any, evaluated: Trial) -> None:
    """Keep where a result comes from and what it cost as user attributes of the trial."""
    result = evaluated.result
    losses = {"val_loss": result.val_loss, "test_loss": result.test_loss}
    attributes = {
        "canonical_key": evaluated.key,
        "origin": result.origin,
        "source": result.source,
        "status": result.status,
        "epoch": result.epoch,
        "seed": result.seed,
        **{name: _known(value) for name, value in losses.items()},
        "simulated_seconds": _known(result.wall_time_s),
    }
    for name, value in attributes.items():
        trial.set_user_attr(name, value)


def _known(value: float | None) -> float | None:
    """Return the value; None if it is not finite, which storages cannot hold as JSON."""
    return None if value is None or not math.isfinite(value) else value
