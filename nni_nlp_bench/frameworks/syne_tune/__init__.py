"""Syne Tune: benchmarks as blackboxes for its simulator, its schedulers as strategies.

Syne Tune is imported on first use.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nni_nlp_bench.core.extras import optional_imports

if TYPE_CHECKING:
    from syne_tune.blackbox_repository import UserBlackboxBackend

    from nni_nlp_bench.benchmarks.base import Benchmark
    from nni_nlp_bench.frameworks.syne_tune.blackboxes import BenchmarkBlackbox, TableBlackbox

__all__ = ["blackbox", "simulator_backend"]


@optional_imports()
def blackbox(
    benchmark: Benchmark, metrics: Sequence[str] = (), **options: Any
) -> TableBlackbox | BenchmarkBlackbox:
    """Return a benchmark as a Syne Tune blackbox.

    Its objectives are the recorded losses, all minimised, and `elapsed_time`, the seconds since the
    start of the training; a failed training has the loss of a uniform guess. The fidelity is
    `epochs`.

    Args:
        benchmark: A table, which becomes a `BlackboxTabular`, or a benchmark that answers for any
            architecture, which becomes a `Blackbox`. It must record times.
        metrics: Further objectives, of those of `benchmark.objectives` that need no training, such
            as `parameters`.
        **options: Options of the choices of the space.

    Raises:
        UserError: The benchmark records no times, or a metric needs a training.
        MissingExtraError: Syne Tune is not installed.
    """
    from nni_nlp_bench.frameworks.syne_tune.blackboxes import make_blackbox

    return make_blackbox(benchmark, metrics, options)


@optional_imports()
def simulator_backend(
    benchmark: Benchmark, seed: int | None = 0, metrics: Sequence[str] = (), **options: Any
) -> UserBlackboxBackend:
    """Return the backend with which a Syne Tune `Tuner` simulates trainings on a benchmark.

    Args:
        benchmark: A benchmark that records times.
        seed: Which run of each architecture is used; None for a random one of each trial.
        metrics: As in `blackbox`.
        **options: Options of the choices of the space.

    Raises:
        UserError: The benchmark records no times, or a metric needs a training.
        MissingExtraError: Syne Tune is not installed.
    """
    from syne_tune.blackbox_repository import UserBlackboxBackend

    from nni_nlp_bench.frameworks.syne_tune.blackboxes import ELAPSED_TIME

    return UserBlackboxBackend(blackbox(benchmark, metrics, **options), ELAPSED_TIME, seed=seed)
