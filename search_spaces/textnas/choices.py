"""Architectures of one size as a flat dictionary of categorical choices, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from search_spaces.textnas.architecture import (
    LAYERS,
    MAX_LAYERS,
    OPS,
    WINDOW,
    Arc,
    ArcError,
    Layer,
)
from search_spaces.values import read_choice

Value: TypeAlias = int | str
Sample: TypeAlias = dict[str, Value]

_SHOWN_CHARACTERS = 60


@dataclass(frozen=True)
class ArcChoices:
    """All architectures with one number of layers: what each reads, its op, and its skips.

    Labels are `input_i` (the distance; the first two layers have no choice), `op_i`, and
    `skip_i_j` (1 where the output of layer j is added to layer i), layers count from 0. `window`
    is how many layers back an input may be. Raises ArcError for options that make no space.
    """

    layers: int = LAYERS
    window: int = WINDOW
    ops: tuple[str, ...] = OPS

    def __post_init__(self) -> None:
        if not 1 <= self.layers <= MAX_LAYERS:
            raise ArcError(f"layers must be 1 to {MAX_LAYERS}, got {self.layers}")
        if self.window < 1:
            raise ArcError(f"window must be at least 1, got {self.window}")
        if not self.ops or list(self.ops) != [op for op in OPS if op in self.ops]:
            got = f"got {', '.join(map(str, self.ops)) or 'none'}"[:_SHOWN_CHARACTERS]
            raise ArcError(f"ops must be some of {', '.join(OPS)}, in this order, {got}")

    @property
    def categoricals(self) -> dict[str, list[Value]]:
        """Label -> values, in the order of the layers."""
        values: dict[str, list[Value]] = {}
        for number in range(self.layers):
            if number > 1:
                values[f"input_{number}"] = list(range(min(number, self.window)))
            values[f"op_{number}"] = list(self.ops)
            for earlier in range(number):
                values[f"skip_{number}_{earlier}"] = [0, 1]
        return values

    def to_sample(self, arc: Arc) -> Sample:
        """Return the sample of an architecture. Raises ArcError if an option does not fit it."""
        if len(arc.layers) != self.layers:
            have = f"the architecture has {len(arc.layers)} layers"
            raise ArcError(f"{have}, the option layers fixes {self.layers}")
        sample: Sample = {}
        for number, layer in enumerate(arc.layers):
            source = arc.source(number)
            distance = 0 if source is None else number - 1 - source
            if distance >= self.window:
                have = f"layer {number}: its input is {distance + 1} layers back"
                raise ArcError(f"{have}, the option window allows {self.window}")
            if layer.op not in self.ops:
                raise ArcError(f"layer {number}: the option ops lacks its op {layer.op}")
            if number > 1:
                sample[f"input_{number}"] = distance
            sample[f"op_{number}"] = layer.op
            for earlier in range(number):
                sample[f"skip_{number}_{earlier}"] = int(earlier in layer.skips)
        return sample

    def from_sample(self, sample: Mapping[str, Value]) -> Arc:
        """Return the architecture of a sample; other labels are ignored. Raises ArcError."""
        values = {
            label: read_choice(sample, label, of, ArcError)
            for label, of in self.categoricals.items()
        }
        layers = []
        for number in range(self.layers):
            distance = int(values.get(f"input_{number}", 0))
            skips = tuple(j for j in range(number) if values[f"skip_{number}_{j}"])
            layers.append(Layer(distance, str(values[f"op_{number}"]), skips))
        return Arc(tuple(layers))
