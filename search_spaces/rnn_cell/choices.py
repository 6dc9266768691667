"""The cell space as a flat dictionary of small categorical choices, and back.

Node positions are in topological order. A node's inputs are counted backwards from its position:
0 is the node just before, then the earlier nodes, then the sources; results are counted backwards
from the last node. Numbers past the end wrap around, so that every value means something.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from search_spaces.rnn_cell.architecture import Recipe, RecipeError
from search_spaces.rnn_cell.repair import LINEAR_INPUTS, Wiring, most_inputs, repair
from search_spaces.rnn_cell.validity import (
    MAX_HIDDEN_STATES,
    MAX_INPUTS,
    MAX_NODES,
    OPS,
    arity,
    topological_order,
)
from search_spaces.values import read_choice

Value: TypeAlias = int | str
Sample: TypeAlias = dict[str, Value]


@dataclass(frozen=True)
class CellChoices:
    """All cells with these sizes. Every sample decodes: see `repair.py`.

    `hidden_states` None makes their number (1 to 3) a choice. `max_inputs` bounds the inputs of
    sums and products; `linear` and `blend` take up to three in any case. Raises RecipeError for
    sizes that no cell has.
    """

    hidden_states: int | None = None
    max_nodes: int = MAX_NODES
    max_inputs: int = 3

    def __post_init__(self) -> None:
        states = self.hidden_states
        if states is not None and not 1 <= states <= MAX_HIDDEN_STATES:
            raise RecipeError(f"hidden_states must be 1 to {MAX_HIDDEN_STATES}, got {states}")
        if not self._most_states < self.max_nodes <= MAX_NODES:
            bounds = f"{self._most_states + 1} to {MAX_NODES}"
            raise RecipeError(f"max_nodes must be {bounds}, got {self.max_nodes}")
        if not 2 <= self.max_inputs <= MAX_INPUTS:
            raise RecipeError(f"max_inputs must be 2 to {MAX_INPUTS}, got {self.max_inputs}")

    @property
    def categoricals(self) -> dict[str, list[Value]]:
        """Label -> values."""
        return {label: list(values) for label, values in self._values.items()}

    def to_sample(self, recipe: Recipe) -> Sample:
        """Return a sample that decodes to the recipe. Raises RecipeError if it does not fit.

        Choices that the recipe does not need have their first value.
        """
        self._check_fits(recipe)
        table = {node.name: node for node in recipe.nodes}
        order = topological_order({node.name: node.inputs for node in recipe.nodes})
        index = {name: i for i, name in enumerate((*recipe.sources, *order))}
        sample = dict(self._first_values)
        if self.hidden_states is None:
            sample["hidden_states"] = recipe.hidden_states
        sample["nodes"] = len(order)
        for position, name in enumerate(order):
            op, inputs = table[name].op, table[name].inputs
            sample[f"node_{position}_op"] = _op_choice(op, len(inputs))
            own = index[name]
            for slot, source in enumerate(inputs):
                sample[f"node_{position}_input_{slot}"] = own - 1 - index[source]
        for i in range(recipe.hidden_states):
            sample[f"result_{i}"] = len(index) - 1 - index[f"h_new_{i}"]
        return sample

    def from_sample(self, sample: Mapping[str, Value]) -> Recipe:
        """Return the cell of a sample; labels it does not need are ignored.

        Raises RecipeError where a choice is missing or its value unknown.
        """
        wiring = self._wiring(sample)
        try:
            return wiring.recipe()
        except RecipeError:
            repair(wiring, self.max_inputs)
            return wiring.recipe()

    def is_active(self, label: str, sample: Mapping[str, Value]) -> bool:
        """Return whether a cell needs a choice, given the choices before it: see `Choices`."""
        kind, _, rest = label.partition("_")
        states = self.hidden_states or int(sample.get("hidden_states", 1))
        if kind == "result":
            return int(rest) < states
        if kind != "node":
            return True
        position, _, slot = rest.partition("_")
        if int(position) >= max(int(sample["nodes"]), states + 1):
            return False
        if slot == "op":
            return True
        _, inputs = self._ops[str(sample[f"node_{position}_op"])]
        return int(slot.removeprefix("input_")) < inputs

    def parents(self, label: str) -> tuple[str, ...]:
        """Return the choices that decide whether a cell needs a choice: see `Choices`."""
        kind, _, rest = label.partition("_")
        of_states = ("hidden_states",) if self.hidden_states is None else ()
        if kind == "result":
            return of_states
        if kind != "node":
            return ()
        position, _, slot = rest.partition("_")
        return (*of_states, "nodes") if slot == "op" else (f"node_{position}_op",)

    def _wiring(self, sample: Mapping[str, Value]) -> Wiring:
        states = self.hidden_states or int(self._read(sample, "hidden_states"))
        nodes = max(int(self._read(sample, "nodes")), states + 1)
        wiring = Wiring(states, [], [], [])
        for position in range(nodes):
            op, inputs = self._ops[str(self._read(sample, f"node_{position}_op"))]
            wiring.ops.append(op)
            nearest = states + position
            candidates = nearest + (op == "linear")  # the only one that may read `x`
            wiring.inputs.append([
                nearest - int(self._read(sample, f"node_{position}_input_{slot}")) % candidates
                for slot in range(inputs)
            ])  # fmt: skip
        for i in range(states):
            result = (-1 - int(self._read(sample, f"result_{i}"))) % nodes
            while result in wiring.results:  # the next free node before it
                result = (result - 1) % nodes
            wiring.results.append(result)
        return wiring

    def _read(self, sample: Mapping[str, Value], label: str) -> Value:
        return read_choice(sample, label, self._values[label], RecipeError)

    def _check_fits(self, recipe: Recipe) -> None:
        if self.hidden_states not in (None, recipe.hidden_states):
            raise RecipeError(
                f"the cell has {recipe.hidden_states} hidden states, the option hidden_states "
                f"fixes {self.hidden_states}"
            )
        if len(recipe.nodes) > self.max_nodes:
            have = f"the cell has {len(recipe.nodes)} nodes"
            raise RecipeError(f"{have}, the option max_nodes allows {self.max_nodes}")
        for node in recipe.nodes:
            if len(node.inputs) > most_inputs(node.op, self.max_inputs):
                have = f"node {node.name!r} has {len(node.inputs)} inputs"
                raise RecipeError(f"{have}, the option max_inputs allows {self.max_inputs}")

    @property
    def _most_states(self) -> int:
        return self.hidden_states or MAX_HIDDEN_STATES

    @cached_property
    def _ops(self) -> dict[str, tuple[str, int]]:
        """Name of the choice -> operation and number of inputs."""
        choices = {}
        for op in OPS:
            for inputs in range(arity(op)[0], most_inputs(op, self.max_inputs) + 1):
                choices[_op_choice(op, inputs)] = op, inputs
        return choices

    @cached_property
    def _values(self) -> dict[str, Sequence[Value]]:
        values: dict[str, Sequence[Value]] = {}
        fewest_nodes = (self.hidden_states or 1) + 1
        if self.hidden_states is None:
            values["hidden_states"] = range(1, MAX_HIDDEN_STATES + 1)
        values["nodes"] = range(fewest_nodes, self.max_nodes + 1)
        for position in range(self.max_nodes):
            values[f"node_{position}_op"] = tuple(self._ops)
            for slot in range(max(self.max_inputs, LINEAR_INPUTS)):
                candidates = 1 + self._most_states + position
                values[f"node_{position}_input_{slot}"] = range(candidates)
        for i in range(self._most_states):
            values[f"result_{i}"] = range(self.max_nodes)
        return values

    @cached_property
    def _first_values(self) -> Sample:
        return {label: values[0] for label, values in self._values.items()}


def _op_choice(op: str, inputs: int) -> str:
    fewest, most = arity(op)
    return op if fewest == most else f"{op}_{inputs}"
