"""What the tuner sends to a trial, and the descriptors that NNI's web UI draws as axes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from nni_nlp_bench.strategies.searcher import Proposal
from search_spaces.base import Description, SearchSpace
from search_spaces.bounded import Bounds
from search_spaces.errors import UserError

AXES = "mutation_summary"
"""NNI's key for what its web UI shows of a trial's parameters: the rest is hidden from the axes."""
_MILLION = 1_000_000
_RANGES = ("randint", "uniform", "quniform", "loguniform", "qloguniform")


def descriptors(space: SearchSpace[Any], architecture: Any) -> Description:
    """The space's description, with the parameters in millions: `parameters_m`."""
    described = dict(space.describe(architecture))
    parameters = float(described.pop("parameters"))
    return {**described, "parameters_m": round(parameters / _MILLION, 3)}


def to_parameters(space: SearchSpace[Any], proposal: Proposal, number: int) -> dict[str, Any]:
    """The parameters of the trial that evaluates a proposal; `number` tells proposals apart."""
    architecture = json.dumps(json.loads(proposal.architecture.to_json()), separators=(",", ":"))
    shortened = {} if proposal.epochs is None else {"epochs": proposal.epochs}
    axes = descriptors(space, proposal.architecture)
    return {"architecture": architecture, **shortened, "proposal": number, AXES: axes}


def from_parameters(space: SearchSpace[Any], parameters: Mapping[str, Any]) -> Proposal:
    """The architecture and its epochs. Raises UserError for parameters of another kind."""
    architecture, epochs = parameters.get("architecture"), parameters.get("epochs")
    if not isinstance(architecture, str):
        raise UserError(
            "the trial's parameters hold no 'architecture': use the tuner StrategyTuner"
        )
    if not (epochs is None or (isinstance(epochs, int) and epochs > 0)):
        raise UserError(f"the trial's epochs must be a positive number, got {epochs!r}")
    return Proposal(space.parse(architecture), epochs)


def bounds_of(search_space: Mapping[str, Any]) -> Bounds:
    """The bounds that an experiment's `searchSpace` sets on the descriptors. Raises UserError.

    `choice` lists what is allowed, `randint`, `uniform` and their kin give a range.
    """
    ranges, values = {}, {}
    for name, spec in search_space.items():
        kind, value = _checked(name, spec)
        if kind == "choice":
            values[name] = frozenset(value)
        else:
            low, high = float(value[0]), float(value[1]) - (kind == "randint")
            ranges[name] = (low, high)
    if "parameters_m" in ranges:
        low, high = ranges.pop("parameters_m")
        ranges["parameters"] = (low * _MILLION, high * _MILLION)
    return Bounds(ranges, values)


def _checked(name: str, spec: Any) -> tuple[str, list[Any]]:
    try:
        kind, value = spec["_type"], spec["_value"]
        plain = kind == "choice" and all(isinstance(v, int | float | str) for v in value)
        if value and (plain or (kind in _RANGES and float(value[0]) <= float(value[1]))):
            return kind, value
    except (TypeError, KeyError, IndexError, ValueError):
        pass  # said below
    raise UserError(
        f"searchSpace: {name!r} must be a choice of words and numbers, or a range "
        f"such as {{_type: randint, _value: [2, 13]}}"
    )
