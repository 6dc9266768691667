"""The rows that `one_shot_ranking.py` writes, as losses of cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from search_spaces.enas_cell import Cell

Array = NDArray[np.float64]
LOSSES, CELLS = "losses.csv", "cells.json"
COLUMNS = ("source", "cell", "seed", "epoch", "value", "cpu_seconds")
ALONE, KERNEL = "alone", "tangent_kernel"
"""Sources of losses of trainings from scratch, and of condition numbers. Others are strategies."""
SUPERNET = -1
"""Number in place of a cell's of the row with the time of a supernet's training."""


@dataclass(frozen=True)
class Losses:
    """What was measured of the cells whose trainings are complete."""

    cells: Sequence[Cell]
    rows: pd.DataFrame
    """Rows of these cells and of the supernets; cells have their position in `cells`."""
    failed: float
    """Loss of a failed training, and of a loss that is not finite: that of a uniform guess."""

    @classmethod
    def of(cls, rows: pd.DataFrame, cells: Sequence[Cell], failed: float) -> Losses:
        """Return the losses of the cells that were trained with every seed."""
        trained = rows[rows["source"] == ALONE].groupby("cell")["seed"].nunique()
        complete = trained.index[trained == trained.max()]
        positions = {number: i for i, number in enumerate(complete)} | {SUPERNET: SUPERNET}
        kept = rows[rows["cell"].isin(positions)]
        kept = kept.assign(cell=kept["cell"].map(positions))
        return cls([cells[number] for number in complete], kept, failed)

    def only(self, keep: NDArray[np.bool_]) -> Losses:
        """Return those of some of the cells."""
        numbers = {number: i for i, number in enumerate(np.flatnonzero(keep).tolist())}
        positions = numbers | {SUPERNET: SUPERNET}
        kept = self.rows[self.rows["cell"].isin(positions)]
        kept = kept.assign(cell=kept["cell"].map(positions))
        return Losses([self.cells[number] for number in numbers], kept, self.failed)

    @cached_property
    def curves(self) -> Array:
        """Validation losses (seeds, cells, epochs) of the trainings; NaN once one has failed."""
        trained = self.rows[self.rows["source"] == ALONE]
        table = trained.set_index(["seed", "cell", "epoch"])["value"].unstack("epoch")
        return table.to_numpy(np.float64).reshape(-1, len(self.cells), table.shape[1])

    @cached_property
    def has_failed(self) -> NDArray[np.bool_]:
        """Whether each training has failed (seeds, cells)."""
        return np.asarray(np.isnan(self.curves).any(axis=2))

    @cached_property
    def failed_cells(self) -> NDArray[np.bool_]:
        """Whether any training of each cell has failed (cells,)."""
        return np.asarray(self.has_failed.any(axis=0))

    @cached_property
    def sound(self) -> Losses:
        """Those of the cells of which no training failed."""
        return self.only(~self.failed_cells)

    @cached_property
    def alone(self) -> Array:
        """Lowest loss of each training (seeds, cells)."""
        return self.after(self.curves.shape[2])

    def after(self, epochs: int) -> Array:
        """Return the lowest loss of so many epochs of each training (seeds, cells)."""
        lowest = self.curves[:, :, :epochs].min(axis=2)
        return np.where(np.isnan(lowest), self.failed, lowest)

    def seconds(self, epoch: int) -> float:
        """Return the CPU time of so many epochs of one training of every cell."""
        of = self.rows[(self.rows["source"] == ALONE) & (self.rows["epoch"] <= epoch)]
        return float(of.groupby(["seed", "cell"])["cpu_seconds"].max().sum() / len(self.curves))

    def matrix(self, rows: pd.DataFrame, missing: float) -> Array:
        """Return values (seeds, cells) of rows of one epoch."""
        table = rows.set_index(["seed", "cell"])["value"].unstack()
        return table.fillna(missing).to_numpy(np.float64)
