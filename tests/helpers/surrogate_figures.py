"""Print predictions of the packaged surrogates for fixed cells, one line a cell.

`python tests/helpers/surrogate_figures.py > tests/nni_nlp_bench/benchmarks/golden/surrogates.csv`
writes the figures that every machine must print.
"""

from __future__ import annotations

import argparse

import numpy as np

from nni_nlp_bench.benchmarks.surrogate.packaged import ptb_surrogate, wikitext_2_surrogate
from search_spaces.rnn_cell.space import RnnCellSpace

CELLS = 1000
EPOCHS = (0, 2, 49)


def figures(count: int, batch: int) -> list[str]:
    """Return the lines of the first `count` cells, predicted in batches of that size."""
    rng, space = np.random.default_rng(20201129), RnnCellSpace()
    cells = [space.sample(rng) for _ in range(count)]
    lines = []
    for first in range(0, count, batch):
        part = cells[first : first + batch]
        final, curves = ptb_surrogate().predict(part, 1), wikitext_2_surrogate().predict(part, 1)
        columns = (
            final.loss,
            final.std,
            final.seconds_per_epoch,
            final.divergence,
            *curves.losses[:, 0, EPOCHS].T,
            curves.losses[:, 2, -1],
            curves.std[:, -1],
        )
        for cell, row in zip(part, zip(*columns, strict=True), strict=True):
            lines.append(",".join([cell.canonical_key, *(f"{value:.9f}" for value in row)]))
    return lines


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, default=CELLS)
    parser.add_argument("--batch", type=int, default=CELLS)
    arguments = parser.parse_args()
    print("\n".join(figures(arguments.cells, arguments.batch)))
