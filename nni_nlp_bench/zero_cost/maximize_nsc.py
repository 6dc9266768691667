"""NSC-DP: the transformer of the highest Neural Spectral Capacity under a parameter budget.

NSC and the number of parameters are sums over layers, so that dynamic programming over the layers
finds the best ones for each choice of everything else (arXiv 2609.23087).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.zero_cost.decoders import sizes as decoders
from nni_nlp_bench.zero_cost.encoders import nsc as encoders
from nni_nlp_bench.zero_cost.layer_programming import GlobalChoice, best_layers
from search_spaces.base import SearchSpace

_GLOBAL_CHOICES: Mapping[str, Callable[[Any], Iterator[GlobalChoice]]] = {
    "encoder": lambda _: encoders.global_choices(),
    "lts": lambda space: decoders.global_choices(space.tasks),
}
"""By space, its global choices: everything but the form of each layer."""


def maximize_nsc(space: SearchSpace[Any], max_parameters: int) -> Any:
    """Return the architecture of the highest NSC with at most so many parameters.

    Of equal ones it is that with the fewest parameters.

    >>> from search_spaces.registry import get_space
    >>> space = get_space("encoder")
    >>> space.describe(maximize_nsc(space, 7_000_000))["parameters"]
    6901760

    Args:
        space: A space of transformers.
        max_parameters: Budget, embeddings included, at the space's default sizes.

    Raises:
        UserError: The space has no NSC, or no architecture is so small.
    """
    if space.name not in _GLOBAL_CHOICES:
        raise UserError(f"space {space.name} has no NSC; {', '.join(_GLOBAL_CHOICES)} have")
    best: tuple[float, int] | None = None
    found: Any = None
    smallest: int | None = None
    for choice in _GLOBAL_CHOICES[space.name](space):
        least = choice.parameters + choice.count * min(each.parameters for each in choice.options)
        smallest = least if smallest is None else min(least, smallest)
        highest = choice.count * max(each.capacity for each in choice.options)
        if least > max_parameters or (best is not None and highest < best[0]):
            continue
        layers = best_layers(choice.options, choice.count, max_parameters - choice.parameters)
        value = sum(each.capacity for each in layers)
        rank = (value, -choice.parameters - sum(each.parameters for each in layers))
        if best is None or rank > best:
            best, found = rank, choice.build([each.layer for each in layers])
    if found is None:
        raise UserError(
            f"no architecture of space {space.name} has at most {max_parameters:,} parameters: the "
            f"smallest has {smallest:,}"
        )
    return found
