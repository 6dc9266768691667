"""Buffers of a program with their views of every step, reused from window to window.

At small widths, making the views of every step takes as long as a third of the loops.
"""

from __future__ import annotations

from collections import deque
from functools import cached_property
from threading import Lock
from typing import Any

import torch
from torch import Tensor

from search_spaces.rnn_cell.recurrence.buffers import (
    Buffers,
    backward_buffers,
    first_steps,
    forward_buffers,
    step_views,
)
from search_spaces.rnn_cell.recurrence.kernels import Kernels
from search_spaces.rnn_cell.recurrence.program import Program

Steps = list[tuple[Any, ...]]
_ROUNDING = 16
"""Numbers of steps are rounded up to a multiple, so that longer windows fit."""


class Workspace:
    """What the loops of a program read and fill, for states (batch, hidden) like `state`."""

    def __init__(self, program: Program, state: Tensor, steps: int) -> None:
        self.program = program
        self.key = _key(program, state)
        self.steps = -(-steps // _ROUNDING) * _ROUNDING
        """Most steps that fit."""
        self.kernels = Kernels.of(state)
        batch, hidden = state.shape
        with torch.inference_mode(False):
            linear = state.new_empty(self.steps, batch, len(program.plan.linear) * hidden)
            self._forward = forward_buffers(program.plan, linear, hidden)
        self.bytes = 2 * sum(buffer.nbytes for buffer in self._forward.values())
        """Size of the buffers, forward and backward."""

    def forward(self, steps: int) -> Buffers:
        """Return the buffers of the forward loop."""
        return first_steps(self._forward, steps)

    def backward(self, steps: int) -> Buffers:
        """Return the buffers of the forward and the backward loop."""
        return first_steps(self._backward, steps)

    @cached_property
    def _backward(self) -> Buffers:
        with torch.inference_mode(False):
            return backward_buffers(self._forward, self.program.factors)

    @cached_property
    def forward_steps(self) -> Steps:
        """Views of each step that the forward loop needs."""
        return step_views(self.program.forward, self._forward, self.kernels.host)

    @cached_property
    def backward_steps(self) -> Steps:
        """Views of each step that the backward loop needs."""
        return step_views(self.program.backward, self._backward, self.kernels.host)


class Lease:
    """The use of a workspace, which another call may use once this object is gone."""

    def __init__(self, pool: Pool, workspace: Workspace) -> None:
        self._pool = pool
        self.workspace = workspace

    def __del__(self) -> None:
        self._pool.give(self.workspace)


class Pool:
    """Workspaces that nothing uses, up to a number of bytes; the longest unused ones go first."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._free: list[Workspace] = []
        self._returned: deque[Workspace] = deque()
        self._lock = Lock()

    def lease(self, program: Program, state: Tensor, steps: int) -> Lease:
        """Return a workspace of the pool, or a new one."""
        return Lease(self, self._take(program, state, steps) or Workspace(program, state, steps))

    def give(self, workspace: Workspace) -> None:
        """Add a workspace that nothing uses any more; without a lock, for garbage collection."""
        if workspace.bytes <= self.limit:
            self._returned.append(workspace)

    def _take(self, program: Program, state: Tensor, steps: int) -> Workspace | None:
        key = _key(program, state)
        with self._lock:
            while self._returned:
                self._free.append(self._returned.popleft())
            while sum(free.bytes for free in self._free) > self.limit:
                self._free.pop(0)
            for i in reversed(range(len(self._free))):
                if self._free[i].key == key and self._free[i].steps >= steps:
                    return self._free.pop(i)
        return None


POOL = Pool(32 << 20)
"""Enough for small networks. Large ones do without: there the views take little of the time."""


def _key(program: Program, state: Tensor) -> tuple[Any, ...]:
    return id(program), state.shape, state.dtype, state.device
