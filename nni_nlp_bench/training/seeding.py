"""Seeding of the global random generators, for libraries that have no other source."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed the generators of torch (on the CPU), numpy and Python, and restore them afterwards."""
    before = generator_states()
    seed_all(seed)
    try:
        yield
    finally:
        set_generator_states(before)


def generator_states() -> tuple[Any, ...]:
    """Return the states of the generators of Python, numpy and torch (on the CPU)."""
    return random.getstate(), np.random.get_state(), torch.get_rng_state()


def set_generator_states(states: tuple[Any, ...]) -> None:
    """Restore what `generator_states` returned."""
    random.setstate(states[0])
    np.random.set_state(states[1])
    torch.set_rng_state(states[2])


def seed_all(seed: int) -> None:
    """Seed the generators of torch, numpy and Python."""
    torch.manual_seed(seed)
    np.random.seed(seed % 2**32)
    random.seed(seed)


def epoch_seed(seed: int, epoch: int) -> int:
    """Return the seed of an epoch, so that a training can resume at any epoch."""
    return int(np.random.SeedSequence([seed, epoch]).generate_state(1)[0])
