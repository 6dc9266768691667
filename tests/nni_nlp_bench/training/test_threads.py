"""Threads of torch: one for a small network, never more than there are CPUs."""

from __future__ import annotations

import pytest
import torch

from nni_nlp_bench.core.environment import available_cpus
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.training.threads import SMALL_NETWORK, torch_threads


@pytest.mark.parametrize(
    ("threads", "parameters", "expected"),
    [
        (None, SMALL_NETWORK - 1, 1),
        (None, SMALL_NETWORK, available_cpus()),
        (available_cpus(), 10, available_cpus()),
        (1, SMALL_NETWORK, 1),
    ],
)
def test_threads_are_chosen_and_restored(
    threads: int | None, parameters: int, expected: int
) -> None:
    before = torch.get_num_threads()
    with torch_threads(threads, parameters) as count:
        assert count == torch.get_num_threads() == expected
    assert torch.get_num_threads() == before


@pytest.mark.parametrize("threads", [0, available_cpus() + 1])
def test_more_threads_than_cpus_are_refused(threads: int) -> None:
    with pytest.raises(UserError, match="threads must be between 1 and"), torch_threads(threads, 1):
        pass
