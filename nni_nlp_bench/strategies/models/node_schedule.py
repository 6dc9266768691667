"""Number of nodes that grows during a search (Zoph and Le, 2017)."""

from __future__ import annotations

from typing import Any

from nni_nlp_bench.core.errors import UserError
from search_spaces.base import SearchSpace
from search_spaces.choices import Choices

_OPTIONS = ("max_nodes", "nodes")


class NodeSchedule:
    """The choices of a space with more and more nodes.

    Args:
        space: A space whose choices have the option `max_nodes` or `nodes`.
        start: Number of nodes at first.
        every: Number of evaluations after which another node is added, up to the space's number.

    Raises:
        UserError: The space has no such option, or no such number of nodes.
    """

    def __init__(self, space: SearchSpace[Any], start: int, every: int) -> None:
        whole = space.unwrapped.choices()
        option = next((name for name in _OPTIONS if hasattr(whole, name)), None)
        if option is None:
            raise UserError(
                f"space {space.name} has no number of nodes that could grow: leave start_nodes out"
            )
        if every < 1:
            raise UserError(f"grow_every must be at least 1, got {every}")
        self._space = space
        self._option = option
        self._start = start
        self._every = every
        self._most: int = getattr(whole, option)
        self.choices(0)

    def choices(self, evaluations: int) -> Choices:
        """Return the choices after so many evaluations. Raises ArchitectureError."""
        nodes = min(self._start + evaluations // self._every, self._most)
        return self._space.choices(**{self._option: nodes})
