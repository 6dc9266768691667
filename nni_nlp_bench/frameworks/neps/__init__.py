"""NePS: benchmarks as pipelines.

NePS is imported on first use.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from nni_nlp_bench.core.extras import optional_imports

if TYPE_CHECKING:
    from neps import PipelineSpace

    from nni_nlp_bench.benchmarks.base import Benchmark

__all__ = ["pipeline"]


@optional_imports()
def pipeline(
    benchmark: Benchmark, seed: int | None = None, **options: Any
) -> tuple[Callable[..., dict[str, Any]], PipelineSpace]:
    """Return a benchmark as `evaluate_pipeline` and `pipeline_space` of `neps.run`.

    The space has a categorical for each choice and, if the benchmark has learning curves, the
    fidelity `epochs`. On a table a configuration stands for the nearest architecture of the table,
    as in a search that is restricted to it. What is evaluated is:

    - `objective_to_minimize`: the loss of the benchmark; of a failed training that of a uniform
      guess;
    - `cost`: seconds of the training, if they are known;
    - `info_dict`: `architecture` (JSON), `status`, `origin` (measured or predicted), `source`, and
      `test_loss` if it is recorded.

    Args:
        benchmark: A benchmark.
        seed: Which run of each architecture is used; None for the first.
        **options: Options of the choices of the space.

    Raises:
        MissingExtraError: NePS is not installed.
    """
    from nni_nlp_bench.frameworks.neps.benchmark_pipeline import BenchmarkPipeline

    of_benchmark = BenchmarkPipeline(benchmark, seed, options)
    return of_benchmark.evaluate, of_benchmark.space()
