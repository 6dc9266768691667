"""Choices of a space as a ConfigurationSpace of ConfigSpace, and back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

from search_spaces.choices import Choices, ConditionalChoices, active_sample

if TYPE_CHECKING:
    from ConfigSpace import Configuration, ConfigurationSpace

Case = tuple[Any, ...]
"""A value of each parent of a choice."""


def configuration_space(choices: Choices, seed: int | None = None) -> ConfigurationSpace:
    """Return the choices as categorical hyperparameters, under the conditions that they have.

    Args:
        choices: Choices of a space; those that are never active are left out.
        seed: Seed of the samples.

    Raises:
        ModuleNotFoundError: ConfigSpace is not installed.
    """
    from ConfigSpace import CategoricalHyperparameter, ConfigurationSpace

    space = ConfigurationSpace(seed=seed)
    parameters: dict[str, Any] = {}
    conditions = []
    for label, values in choices.categoricals.items():
        parents, cases = _relevant(choices, label)
        if cases:
            parameters[label] = CategoricalHyperparameter(label, list(values))
        if parents and cases:
            conditions.append(_condition(parameters, label, parents, cases))
    space.add(*parameters.values(), *conditions)
    return space


def configuration(space: ConfigurationSpace, choices: Choices, architecture: Any) -> Configuration:
    """Return the configuration of an architecture.

    Args:
        space: What `configuration_space` returned for the choices.
        choices: Choices of a space.
        architecture: An architecture of that space.

    Raises:
        ArchitectureError: The choices do not include the architecture.
    """
    from ConfigSpace import Configuration

    sample = active_sample(choices, choices.to_sample(architecture))
    return Configuration(space, values=sample)


def sample_of(choices: Choices, configuration: Mapping[str, Any]) -> dict[str, Any]:
    """Return a configuration as a sample, with the plain values of the choices.

    What is no value of a choice is kept, for `from_sample` to refuse.
    """
    categoricals = choices.categoricals
    return {
        label: next((x for x in categoricals.get(label, ()) if x == value), value)
        for label, value in dict(configuration).items()
    }


def _relevant(choices: Choices, label: str) -> tuple[list[str], list[Case]]:
    """Return the parents that make a difference, and the cases in which the choice is active."""
    if not isinstance(choices, ConditionalChoices):
        return [], [()]
    parents = list(choices.parents(label))
    active = _active_samples(choices, choices.categoricals, label)
    cases = [tuple(sample[parent] for parent in parents) for sample in active]
    for i in reversed(range(len(parents))):
        if _relevant(choices, parents[i])[0]:
            continue  # where the parent is inactive, so is the choice
        fewer = list(dict.fromkeys((*case[:i], *case[i + 1 :]) for case in cases))
        if len(cases) == len(fewer) * len(choices.categoricals[parents[i]]):
            cases = fewer
            del parents[i]
    return parents, cases


def _active_samples(
    choices: ConditionalChoices, values: Mapping[str, Sequence[Any]], label: str
) -> list[dict[str, Any]]:
    """Return samples in which a choice is active, one for each combination of its parents."""
    parents = choices.parents(label)
    ancestors: dict[str, Any] = {}
    for parent in parents:
        ancestors |= _active_samples(choices, values, parent)[-1]
    cases = product(*(values[parent] for parent in parents))
    samples = ({**ancestors, **dict(zip(parents, case, strict=True))} for case in cases)
    return [sample for sample in samples if choices.is_active(label, sample)]


def _condition(
    parameters: Mapping[str, Any], label: str, parents: list[str], cases: list[Case]
) -> Any:
    """Return the condition that the parents' values are one of the cases."""
    from ConfigSpace import AndConjunction, EqualsCondition, InCondition, OrConjunction

    last: defaultdict[Case, list[Any]] = defaultdict(list)
    for case in cases:
        last[case[:-1]].append(case[-1])
    terms = []
    for before, values in last.items():
        equal = [
            EqualsCondition(parameters[label], parameters[parent], value)
            for parent, value in zip(parents, before, strict=False)
        ]
        equal.append(InCondition(parameters[label], parameters[parents[-1]], values))
        terms.append(AndConjunction(*equal) if before else equal[0])
    return terms[0] if len(terms) == 1 else OrConjunction(*terms)
