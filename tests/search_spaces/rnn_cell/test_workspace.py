"""Workspaces: reused by calls of the same size, bounded in memory."""

from __future__ import annotations

import torch

from search_spaces.rnn_cell.published import named_recipe
from search_spaces.rnn_cell.recurrence.program import program
from search_spaces.rnn_cell.recurrence.workspace import Pool

LSTM, GRU = (program(named_recipe(name).nodes) for name in ("lstm", "gru"))
STATE = torch.zeros(3, 4)


def test_a_free_workspace_is_used_again_by_calls_that_it_fits() -> None:
    pool = Pool(1 << 20)
    lease = pool.lease(LSTM, STATE, 10)
    first = lease.workspace
    assert pool.lease(LSTM, STATE, 10).workspace is not first, "the first is still in use"
    del lease
    assert pool.lease(LSTM, STATE, first.steps).workspace is first
    assert pool.lease(LSTM, STATE, first.steps + 1).workspace is not first
    assert pool.lease(LSTM, STATE.double(), 10).workspace is not first
    assert pool.lease(LSTM, torch.zeros(2, 4), 10).workspace is not first
    assert pool.lease(GRU, STATE, 10).workspace is not first


def test_the_pool_forgets_the_longest_unused_beyond_its_limit() -> None:
    size = Pool(0).lease(LSTM, STATE, 10).workspace.bytes
    pool = Pool(2 * size)
    leases = [pool.lease(LSTM, STATE, 10) for _ in range(3)]
    spaces = [lease.workspace for lease in leases]
    while leases:
        leases.pop(0)
    again = [pool.lease(LSTM, STATE, 10) for _ in range(3)]
    kept = [lease.workspace for lease in again]
    assert kept[:2] == [spaces[2], spaces[1]]
    assert kept[2] is not spaces[0]


def test_it_keeps_nothing_larger_than_its_limit() -> None:
    pool = Pool(100)
    first = pool.lease(LSTM, STATE, 10).workspace
    assert pool.lease(LSTM, STATE, 10).workspace is not first
