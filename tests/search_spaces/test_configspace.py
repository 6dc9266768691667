"""Spaces as those of ConfigSpace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from nni_nlp_bench.core.errors import ArchitectureError
from nni_nlp_bench.testing import synthetic_space, synthetic_table
from search_spaces.base import SearchSpace
from search_spaces.choices import active_sample
from search_spaces.configspace import configuration, sample_of
from search_spaces.registry import SPACES, get_space

pytestmark = pytest.mark.framework("ConfigSpace")
CONDITIONAL = {"rnn_cell", "encoder", "lts"}


@pytest.fixture(params=list(SPACES))
def space(request: pytest.FixtureRequest) -> SearchSpace[Any]:
    """Every space in turn."""
    return get_space(request.param)


def expressed(space: SearchSpace[Any], count: int) -> Sequence[Any]:
    """Samples of a space that its choices can express."""
    rng, choices, found = np.random.default_rng(0), space.choices(), []
    while len(found) < count:
        architecture = space.sample(rng)
        try:
            choices.to_sample(architecture)
        except ArchitectureError:
            continue
        found.append(architecture)
    return found


def test_the_choices_are_categorical_with_the_same_values(space: SearchSpace[Any]) -> None:
    categoricals = space.choices().categoricals
    found = {name: list(of.choices) for name, of in dict(space.to_configspace()).items()}
    assert found == {label: list(values) for label, values in categoricals.items()}


def test_an_architecture_becomes_a_configuration_and_back(space: SearchSpace[Any]) -> None:
    configurations, choices = space.to_configspace(), space.choices()
    for architecture in expressed(space, 10):
        of = configuration(configurations, choices, architecture)
        assert space.from_configuration(of) == architecture
        assert space.from_configuration(dict(of)) == architecture


def test_active_are_the_choices_that_an_architecture_needs(space: SearchSpace[Any]) -> None:
    choices = space.choices()
    first = {label: values[0] for label, values in choices.categoricals.items()}
    sizes = set()
    for of in space.to_configspace(seed=0).sample_configuration(100):
        sample = sample_of(choices, of)
        assert sample == active_sample(choices, {**first, **sample})
        assert space.from_configuration(of) == choices.from_sample(sample)
        sizes.add(len(sample))
    assert (len(sizes) > 1) == (space.name in CONDITIONAL)


def test_the_seed_decides_the_samples() -> None:
    samples = [
        [dict(of) for of in get_space("emd_cell").to_configspace(seed=seed).sample_configuration(3)]
        for seed in (1, 1, 2)
    ]
    assert samples[0] == samples[1] != samples[2]


def test_options_are_those_of_the_choices() -> None:
    space = get_space("rnn_cell")
    smaller = space.to_configspace(hidden_states=1, max_nodes=4)
    assert "hidden_states" not in smaller
    cell = space.from_configuration(
        smaller.get_default_configuration(), hidden_states=1, max_nodes=4
    )
    assert len(cell.nodes) <= 4 and cell.hidden_states == 1


def test_a_configuration_stands_for_the_nearest_architecture_of_a_table() -> None:
    space = synthetic_space()
    for of in space.to_configspace(seed=0).sample_configuration(5):
        assert space.from_configuration(of) in synthetic_table()


def test_what_is_no_configuration_is_refused() -> None:
    with pytest.raises(ArchitectureError, match="op_0_0"):
        get_space("emd_cell").from_configuration({"op_0_0": "no such operation"})
