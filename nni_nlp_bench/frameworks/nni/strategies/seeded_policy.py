"""NNI's policy-gradient reinforcement learning with a seed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from nni.nas.execution import ExecutionEngine
from nni.nas.space import ExecutableModelSpace
from nni.nas.strategy import PolicyBasedRL
from nni.nas.strategy._rl_impl import TuningTrajectoryGenerator

from nni_nlp_bench.training.seeding import seeded


class SeededPolicyRL(PolicyBasedRL):  # type: ignore[misc]
    """PolicyBasedRL (PPO with an LSTM policy) with reproducible results.

    A cell is a trajectory of about a hundred choices. NNI's default of 25 passes over the replay
    buffer per update, in batches of 32, takes minutes; the default here is 2 passes in batches of
    256.

    Args:
        seed: Random seed.
        fit: Called with the policy and the label of each of its steps before the search; None for
            a policy with random weights.
        **options: Options of `nni.nas.strategy.PolicyBasedRL`.
    """

    def __init__(
        self, seed: int, fit: Callable[[Any, list[str]], None] | None = None, **options: Any
    ) -> None:
        super().__init__(**{"update_kwargs": {"batch_size": 256, "repeat": 2}, **options})
        self._seed = seed
        self._fit = fit

    def _initialize(
        self, model_space: ExecutableModelSpace, engine: ExecutionEngine
    ) -> ExecutableModelSpace:
        with _seeded(self._seed):
            model_space = super()._initialize(model_space, engine)
            if self._fit is not None:
                steps = TuningTrajectoryGenerator(model_space, self._policy).search_labels
                self._fit(self._policy, [label for label, _ in steps])
            return model_space

    def _run(self) -> None:
        with _seeded(self._seed + 1):
            super()._run()


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Seed the global generators that tianshou draws from, and restore them afterwards.

    Uses one thread: the policy samples one choice at a time, too little work for several threads.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with seeded(seed):
            yield
    finally:
        torch.set_num_threads(threads)
