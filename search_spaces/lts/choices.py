"""Decoders as a flat dictionary of categorical choices, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from search_spaces.lts.architecture import DecoderLayer, LtsArchitecture, LtsError
from search_spaces.lts.rules import N_HEADS, RULES, STEP, Rules
from search_spaces.values import read_choice

Value: TypeAlias = int | str
Sample: TypeAlias = dict[str, Value]
Task: TypeAlias = tuple[str, str]
"""A model and a data set: a key of `RULES`."""
_OF_LAYER = ("n_head", "d_inner", "d_inner_rest")


@dataclass(frozen=True)
class LtsChoices:
    """Decoders of some models and data sets; every sample decodes.

    `task` is the model and the data set, such as `gpt2 wt103`, if there are several; then come
    `n_layer`, `d_model`, `d_embed`, `div_val`, and of layer i, counted from 0, `n_head_i` and the
    inner width as the sum of `d_inner_i`, a multiple of 64, and `d_inner_rest_i`. What the rules of
    the task do not allow becomes the nearest value that they do; choices of layers beyond `n_layer`
    are ignored.
    """

    tasks: tuple[Task, ...] = tuple(RULES)

    @property
    def categoricals(self) -> dict[str, list[Value]]:
        """Label -> values."""
        return {label: list(values) for label, values in self._values.items()}

    def to_sample(self, decoder: LtsArchitecture) -> Sample:
        """Return the sample of a decoder. Choices that it does not need take their first value.

        Raises:
            LtsError: The decoder is of another model or data set.
        """
        task = decoder.model, decoder.dataset
        if task not in self.tasks:
            raise LtsError(f"the decoder is of {' on '.join(task)}, which the choices leave out")
        sample: Sample = {label: values[0] for label, values in self._values.items()}
        of_decoder: Sample = {
            "task": " ".join(task),
            "n_layer": len(decoder.layers),
            "d_model": decoder.d_model,
            "d_embed": decoder.d_embed,
            "div_val": decoder.div_val,
        }
        for i, layer in enumerate(decoder.layers):
            rest = layer.d_inner % STEP
            of_decoder[f"n_head_{i}"] = layer.n_head
            of_decoder[f"d_inner_{i}"] = layer.d_inner - rest
            of_decoder[f"d_inner_rest_{i}"] = rest
        needed = {name: value for name, value in of_decoder.items() if name in sample}
        if decoder.rules.d_embeds is None:
            needed.pop("d_embed", None)
        return sample | needed

    def from_sample(self, sample: Mapping[str, Value]) -> LtsArchitecture:
        """Return the decoder of a sample; labels that it does not need are ignored.

        Raises:
            LtsError: A choice is missing or has another value.
        """
        model, dataset = self._task(sample)
        rules = RULES[model, dataset]
        d_model = _nearest(self._read(sample, "d_model"), rules.d_models)
        count = _nearest(self._read(sample, "n_layer"), rules.n_layers)
        layers = (self._layer(sample, i, rules.inner_range(d_model)) for i in range(count))
        free = rules.d_embeds
        return LtsArchitecture(
            model=model,
            dataset=dataset,
            d_model=d_model,
            d_embed=d_model if free is None else _nearest(self._read(sample, "d_embed"), free),
            div_val=_nearest(self._read(sample, "div_val"), rules.div_vals),
            layers=tuple(layers),
        )

    def is_active(self, label: str, sample: Mapping[str, Value]) -> bool:
        """Return whether a decoder needs a choice, given the task and the number of layers."""
        rules = RULES[self._task(sample)] if len(self.tasks) == 1 or "task" in sample else None
        if rules is None:
            return True
        if label == "d_embed":
            return rules.d_embeds is not None
        name, _, number = label.rpartition("_")
        if name not in _OF_LAYER:
            return True
        return int(number) < _nearest(self._read(sample, "n_layer"), rules.n_layers)

    def parents(self, label: str) -> tuple[str, ...]:
        """Return the choices that decide whether a decoder needs a choice."""
        of_task = ("task",) if len(self.tasks) > 1 else ()
        if label == "d_embed":
            return of_task
        name, _, _ = label.rpartition("_")
        return (*of_task, "n_layer") if name in _OF_LAYER else ()

    def _task(self, sample: Mapping[str, Value]) -> Task:
        if len(self.tasks) == 1:
            return self.tasks[0]
        names = {" ".join(task): task for task in self.tasks}
        return names[str(read_choice(sample, "task", tuple(names), LtsError))]

    def _layer(self, sample: Mapping[str, Value], i: int, inner: tuple[int, int]) -> DecoderLayer:
        n_head, d_inner, rest = (
            self._read(sample, f"{name}_{i}") for name in ("n_head", "d_inner", "d_inner_rest")
        )
        low, high = inner
        return DecoderLayer(n_head, min(max(d_inner + rest, low), high))

    def _read(self, sample: Mapping[str, Value], label: str) -> int:
        return int(read_choice(sample, label, self._values[label], LtsError))

    @cached_property
    def _values(self) -> dict[str, Sequence[Value]]:
        rules = [RULES[task] for task in self.tasks]
        values: dict[str, Sequence[Value]] = {}
        if len(self.tasks) > 1:
            values["task"] = [" ".join(task) for task in self.tasks]
        depths = sorted({count for each in rules for count in each.n_layers})
        values["n_layer"] = depths
        values["d_model"] = sorted({width for each in rules for width in each.d_models})
        if embeds := sorted({width for each in rules for width in each.d_embeds or ()}):
            values["d_embed"] = embeds
        values["div_val"] = sorted({value for each in rules for value in each.div_vals})
        first = min(map(_narrowest, rules)) // STEP * STEP
        widths = range(first, max(each.max_inner for each in rules) + 1, STEP)
        for i in range(depths[-1]):
            values[f"n_head_{i}"] = N_HEADS
            values[f"d_inner_{i}"] = widths
            values[f"d_inner_rest_{i}"] = range(STEP)
        return values


def _narrowest(rules: Rules) -> int:
    """Return the lowest inner width of any decoder."""
    return rules.inner_range(min(rules.d_models))[0]


def _nearest(value: int, allowed: Sequence[int]) -> int:
    return min(allowed, key=lambda other: abs(other - value))
