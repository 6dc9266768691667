"""Sample, mutate and list neighbours. Every move gives an architecture with as many layers.

An edit keeps the order of the layers: in another order an input may lie outside the window.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from search_spaces.textnas.architecture import Arc, ArcError, Layer

Edit = tuple[int, Layer]
"""The number of a layer, and what it becomes."""


def sample(
    rng: np.random.Generator, layers: int, window: int, ops: Sequence[str], skip_rate: float = 0.5
) -> Arc:
    """Inputs and ops drawn evenly, each skip with its rate, all independently."""
    found = []
    for number in range(layers):
        distance = int(rng.integers(min(number, window))) if number else 0
        op = ops[int(rng.integers(len(ops)))]
        skips = np.flatnonzero(rng.random(number) < skip_rate)
        found.append(Layer(distance, op, tuple(skips.tolist())))
    return Arc(tuple(found))


def mutate(arc: Arc, rng: np.random.Generator, window: int, ops: Sequence[str]) -> Arc:
    """Return one of the neighbours: all edits that give another architecture are equally likely.

    Raises ArcError where there is none.
    """
    left = list(edits(arc, window, ops))
    while left:
        other = _edited(arc, left.pop(int(rng.integers(len(left)))))
        if other != arc:
            return other
    raise ArcError("the architecture is the only one of its space: nothing to mutate")


def neighbours(arc: Arc, window: int, ops: Sequence[str]) -> list[Arc]:
    """Return all architectures one edit away, in a fixed order: no duplicates, never itself."""
    found = {arc.canonical_key: arc}
    for edit in edits(arc, window, ops):
        other = _edited(arc, edit)
        found.setdefault(other.canonical_key, other)
    del found[arc.canonical_key]
    return list(found.values())


def edits(arc: Arc, window: int, ops: Sequence[str]) -> Iterator[Edit]:
    """Give one layer another op or another input, or add or drop one of its skips."""
    for number, layer in enumerate(arc.layers):
        for op in ops:
            if op != layer.op:
                yield number, layer._replace(op=op)
        for distance in range(min(number, window)):
            if number - 1 - distance != arc.source(number):
                yield number, layer._replace(distance=distance)
        for earlier in range(number):
            skips = tuple(sorted({*layer.skips} ^ {earlier}))
            yield number, layer._replace(skips=skips)


def _edited(arc: Arc, edit: Edit) -> Arc:
    number, layer = edit
    return Arc((*arc.layers[:number], layer, *arc.layers[number + 1 :]))
