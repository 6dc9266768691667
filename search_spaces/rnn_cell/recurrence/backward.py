"""The backward loop of a recipe, as generated code."""

from __future__ import annotations

from collections import defaultdict

from search_spaces.rnn_cell.recurrence.factors import (
    ONE,
    Factor,
    FactorSource,
    factors,
    plus,
    times,
)
from search_spaces.rnn_cell.recurrence.plan import Plan, X, is_result
from search_spaces.rnn_cell.recurrence.source import Source, View
from search_spaces.rnn_cell.validity import state_index

Terms = dict[str, Factor]
"""A gradient as a sum: names of tensors in the loop, with the factor of each."""


class BackwardSource:
    """Writes the loop that carries gradients through one step, from its results to its sources.

    Between linear maps and states, a gradient is a sum of known gradients times factors that the
    forward values give. The factors are computed for all steps before the loop (`factors`); the
    loop multiplies and adds. The gradients of linear maps and states are kept for all steps.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.source = Source()
        self.factors = FactorSource()
        self._terms: defaultdict[str, Terms] = defaultdict(dict)
        self._count = 0

    def write(self) -> Source:
        """Return the whole loop.

        It finds the gradient of the outputs in `state_grad 0` and adds to every `state_grad`.
        """
        for group in reversed(self.plan.steps):
            for node in reversed(group):
                self._through(node.name)
        for name in self.plan.recipe.sources:
            if name != X:
                self._collect(name, self._row(name))
        return self.source

    def _through(self, name: str) -> None:
        """From the gradient of a node to those of its inputs."""
        node = self.plan.nodes[name]
        if node.op == "linear":
            self._into_block(name)
            return
        terms = self._gradient(name)
        for target, factor in factors(self.plan, node):
            for base, known in terms.items():
                self._give(target, times(known, factor), base)

    def _gradient(self, name: str) -> Terms:
        """Return the gradient of a node, computed at this step where that saves operations."""
        if is_result(name):
            return {self._collect(name, self._row(name)): ONE}
        several = len(self._terms[name]) > 1 and len(self.plan.nodes[name].inputs) > 1
        if several or name in self.plan.products:
            return {self._collect(name): ONE}
        return self._terms[name]

    def _give(self, name: str, factor: Factor, base: str) -> None:
        terms = self._terms[name]
        terms[base] = plus(terms[base], factor) if base in terms else factor

    def _collect(self, name: str, total: str = "") -> str:
        """Add up a gradient in a new variable, or in what `total` names; return the name."""
        terms = sorted(self._terms[name].items(), key=lambda term: term[1] is not ONE)
        for i, product in enumerate(self.plan.products.get(name, ())):
            block = self.source.view(View("linear_grad", product.start, product.stop))
            pair = f"{block}, {self.source.weight(name, i)}"
            if total:
                self.source.add(f"addmm({total}, {pair})")
            else:
                total = self._new(f"mm({pair})")
        if not total:
            (first, one), (second, factor), *terms = terms
            left = first if one is ONE else self._new(f"torch.mul({first}, {self._factor(one)})")
            if factor is ONE:
                total = self._new(f"torch.add({left}, {second})")
            else:
                total = self._new(f"torch.addcmul({left}, {second}, {self._factor(factor)})")
        for base, factor in terms:
            self._add(total, base, factor)
        return total

    def _into_block(self, name: str) -> None:
        """Write the gradient of a linear map into its columns."""
        start = self.plan.column[name]
        slot = View("linear_grad", start, start + 1)
        column = self.source.view(slot)
        if is_result(name):
            self.source.add(f"{column}.copy_({self._collect(name, self._row(name))})")
        elif name in self.plan.products:
            self.factors.write_zero(slot)
            self._collect(name, column)
        else:
            (base, factor), *others = self._terms[name].items()
            if factor is ONE:
                self.source.add(f"{column}.copy_({base})")
            else:
                self.factors.write_into(slot, factor)
                self.source.add(f"{column}.mul_({base})")
            for base, factor in others:
                self._add(column, base, factor)

    def _add(self, total: str, base: str, factor: Factor) -> None:
        if factor is ONE:
            self.source.add(f"{total}.add_({base})")
        else:
            self.source.add(f"{total}.addcmul_({base}, {self._factor(factor)})")

    def _factor(self, factor: Factor) -> str:
        return self.source.view(self.factors.view(factor))

    def _row(self, name: str) -> str:
        """Return the gradient of a state before or after the step."""
        new = state_index(name, "h_new_")
        if new is not None:
            return self.source.view(View(f"state_grad {new}", rows="new"))
        previous = state_index(name, "h_prev_")
        return self.source.view(View(f"state_grad {previous}", rows="previous"))

    def _new(self, expression: str) -> str:
        variable = f"t{self._count}"
        self._count += 1
        self.source.add(f"{variable} = {expression}")
        return variable
