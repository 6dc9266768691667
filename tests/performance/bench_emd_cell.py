"""The mixture of the EMD cell's supernet, computed by sources, against one op after another.

One thread, forward and backward: `python tests/performance/bench_emd_cell.py`. Sides that are
compared take turns, and the fastest of their passes count, in CPU time, which other processes
change less.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from nni_nlp_bench.core.nni_import import import_nni_quietly
from nni_nlp_bench.training.memory import disable_malloc_trim

VECTORS = 384
SIZES = {"small": (32, 16, 32, 12), "large": (32, 64, 128, 5)}
"""Sentences, their length, width, and passes."""
LIMIT = 4
"""The ratio to reach."""
Step = Callable[[], Tensor]


def fastest(sides: Sequence[tuple[nn.Module, Step]], passes: int) -> list[float]:
    """CPU seconds of the fastest forward and backward pass of each side, after one to warm up."""
    best = [float("inf")] * len(sides)
    for number in range(passes + 1):
        for i, (module, step) in enumerate(sides):
            module.zero_grad()
            started = time.process_time()
            step().sum().backward()  # type: ignore[no-untyped-call]
            if number:
                best[i] = min(best[i], time.process_time() - started)
    return best


def op_by_op(space: Any, vectors: Tensor, mask: Tensor) -> Tensor:
    """Logits of a mixture whose modules compute one after another."""
    from search_spaces.emd_cell.architecture import EDGES, INPUTS, NODES, OPS, edge_label
    from search_spaces.emd_cell.network import outputs_of
    from search_spaces.sequences import padding_of, stem_input

    padding, shares = padding_of(mask), space.edges.edge_weights().unbind()

    def output(cell: Any, previous: Tensor, last: Tensor, _: Tensor) -> Tensor:
        sources = cell.frame.sources(previous, last)
        for node in range(NODES):
            total: Tensor | None = None
            for (number, source), row in zip(EDGES, shares, strict=True):
                if number != node:
                    continue
                edge = cell.edges[edge_label(node, source)]
                for op, share in zip(OPS, row[:-1].unbind(), strict=True):
                    value = edge[op](sources[source], padding)
                    total = value * share if total is None else total.addcmul_(value, share)
            sources.append(total)
        joined: Tensor = cell.frame.joined(sources[INPUTS:], last, padding)
        return joined

    layers = [partial(output, cell) for cell in space.cells]
    stem = space.stem(stem_input(vectors, padding), padding)
    logits: Tensor = space.logits(outputs_of(layers, stem, padding), mask)
    return logits


def main() -> None:
    """Print the ratios."""
    import_nni_quietly()
    from nni.nas.strategy import DARTS, RandomOneShot

    from search_spaces.emd_cell import moves
    from search_spaces.emd_cell.model_space import EmdCellModelSpace
    from search_spaces.sequences import use_batch_statistics

    torch.set_num_threads(1)
    disable_malloc_trim()
    torch.manual_seed(0)
    for label, (batch, length, width, passes) in SIZES.items():
        mixture, path = (
            strategy.mutate_model(EmdCellModelSpace(vectors=VECTORS, width=width))
            for strategy in (DARTS(), RandomOneShot())
        )
        for space in (mixture, path):
            use_batch_statistics(space)
        path.edges.resample(path.to_sample(moves.sample(np.random.default_rng(0))))
        vectors = torch.randn(batch, length, VECTORS)
        mask = torch.arange(length) < torch.randint(1, length + 1, (batch, 1))
        plain, fused, single = fastest(
            [
                (mixture, lambda: op_by_op(mixture, vectors, mask)),  # noqa: B023
                (mixture, lambda: mixture(vectors, mask)),  # noqa: B023
                (path, lambda: path(vectors, mask)),  # noqa: B023
            ],
            passes,
        )
        print(
            f"{label} ({batch} sentences of {length} words, width {width}): a step of the", end=""
        )
        print(
            f" mixture takes {1_000 * fused:.0f} ms, {plain / fused:.1f} times as fast as", end=""
        )
        print(f" op by op (at least {LIMIT}), and {fused / single:.1f} times as long as a path's")


if __name__ == "__main__":
    main()
