"""The generated loops of a recipe."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from search_spaces.rnn_cell.architecture import Recipe
from search_spaces.rnn_cell.recurrence.backward import BackwardSource
from search_spaces.rnn_cell.recurrence.factors import FactorSource
from search_spaces.rnn_cell.recurrence.forward import forward_source
from search_spaces.rnn_cell.recurrence.plan import Plan
from search_spaces.rnn_cell.recurrence.source import Loop, Source


@dataclass(frozen=True)
class Program:
    """The generated loops of a recipe."""

    plan: Plan
    forward: Source
    backward: Source
    factors: FactorSource
    forward_loop: Loop
    backward_loop: Loop
    find_factors: Loop


@lru_cache(maxsize=256)
def program(nodes: tuple[Any, ...]) -> Program:
    """Return the program of a recipe's nodes."""
    plan = Plan.of(Recipe(nodes))
    forward, writer = forward_source(plan), BackwardSource(plan)
    backward, factors = writer.write(), writer.factors
    loops = forward.loop(), backward.loop(), factors.function()
    return Program(plan, forward, backward, factors, *loops)
