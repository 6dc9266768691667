"""Lines of a generated loop over steps, and the tensors that it needs at each step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import torch

Loop = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class View:
    """A part of a buffer at one step."""

    buffer: str
    """`linear`, `linear_grad`, `state 0`, `state_grad 0`, ..., `node NAME`, or a coefficient."""
    start: int = 0
    stop: int = 0
    """Columns of a linear block, in maps; all of another buffer."""
    rows: Literal["all", "previous", "new"] = "all"
    """A state has a row before the first step: a step reads the previous and writes the new one."""
    host: bool = False
    """Whether it is for an operation that takes arrays of NumPy on the CPU."""


@dataclass(slots=True)
class Source:
    """A function that is written line by line."""

    lines: list[str] = field(default_factory=list)
    views: dict[View, str] = field(default_factory=dict)
    weights: dict[tuple[str, int], str] = field(default_factory=dict)

    def add(self, line: str) -> None:
        """One more line."""
        self.lines.append(line)

    def view(self, view: View) -> str:
        """Return the name of a view, which is bound at each step."""
        return self.views.setdefault(view, f"v{len(self.views)}")

    def weight(self, source: str, product: int) -> str:
        """Return the name of the matrix of a source's product."""
        return self.weights.setdefault((source, product), f"w{len(self.weights)}")

    def loop(self) -> Loop:
        """The function `loop(steps, weights, kernels)`; `steps` gives the views, in their order."""
        text = ["def loop(steps, weights, kernels):"]
        text += [f"    {name} = kernels.{name}" for name in ("addmm", "mm", "tanh")]
        text += [f"    {', '.join(self.weights.values())}, = weights"] if self.weights else []
        text.append(f"    for {', '.join(self.views.values())}, in steps:")
        text += [f"        {line}" for line in self.lines] or ["        pass"]
        return _compiled("loop", text)

    def function(self) -> Loop:
        """The function `once(views, one)` of all steps at once."""
        text = ["def once(views, one):"]
        text += [f"    {', '.join(self.views.values())}, = views"] if self.views else []
        text += [f"    {line}" for line in self.lines] or ["    pass"]
        return _compiled("once", text)


def _compiled(name: str, lines: list[str]) -> Loop:
    scope: dict[str, Any] = {"torch": torch, "aten": torch.ops.aten}
    exec("\n".join(lines), scope)  # no word of it comes from a recipe
    return scope[name]  # type: ignore[no-any-return]
