"""Factors of gradients, which the values of the forward loop give for all steps at once."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

from search_spaces.rnn_cell.architecture import Node
from search_spaces.rnn_cell.recurrence.forward import place
from search_spaces.rnn_cell.recurrence.plan import Plan
from search_spaces.rnn_cell.recurrence.source import Loop, Source, View

Factor: TypeAlias = Any
"""What multiplies a gradient: ONE, the view of a forward value, or (operation, *factors)."""
ONE: Final = None

_DERIVATIVE = {
    "activation_tanh": "aten.tanh_backward.grad_input({0}, {1}, grad_input={out})",
    "activation_sigm": "aten.sigmoid_backward.grad_input({0}, {1}, grad_input={out})",
    "activation_leaky_relu": (
        "aten.leaky_relu_backward.grad_input({0}, {1}, 0.01, True, grad_input={out})"
    ),
}
_PRODUCT = "torch.mul({0}, {1}, out={out})"
_TOTAL = "torch.add({0}, {1}, out={out})"
_DIFFERENCE = "torch.sub({0}, {1}, out={out})"


def factors(plan: Plan, node: Node) -> list[tuple[str, Factor]]:
    """Return each input of an elementwise node, with the derivative with respect to it."""
    values = [place(plan, name) for name in node.inputs]
    if node.op in _DERIVATIVE:
        return [(node.inputs[0], (_DERIVATIVE[node.op], ONE, place(plan, node.name)))]
    if node.op == "elementwise_sum":
        return [(name, ONE) for name in node.inputs]
    if node.op == "elementwise_prod":
        found = []
        for i, name in enumerate(node.inputs):
            factor: Factor = ONE
            for other in values[:i] + values[i + 1 :]:
                factor = times(factor, other)
            found.append((name, factor))
        return found
    a, b, c = values
    derivatives = (_DIFFERENCE, b, c), a, (_DIFFERENCE, ONE, a)
    return list(zip(node.inputs, derivatives, strict=True))


def times(outer: Factor, inner: Factor) -> Factor:
    """Return the product of two factors, by one operation also where one is a derivative."""
    if outer is ONE or inner is ONE:
        return inner if outer is ONE else outer
    if isinstance(inner, tuple) and inner[0] in _DERIVATIVE.values():
        return (inner[0], times(outer, inner[1]), inner[2])
    return (_PRODUCT, outer, inner)


def plus(first: Factor, second: Factor) -> Factor:
    """Return the sum of two factors."""
    return (_TOTAL, first, second)


class FactorSource:
    """Writes the function that computes factors of all steps, each once."""

    def __init__(self) -> None:
        self.source = Source()
        self.names: dict[Factor, str] = {}
        """Names of the buffers of factors that are computed."""

    def function(self) -> Loop:
        """Return the function `once(views, one)`, which fills the buffers of `names`."""
        return self.source.function()

    def view(self, factor: Factor) -> View:
        """Return where the loop finds a factor."""
        if isinstance(factor, View):
            return factor
        self._value(factor)
        return View(self.names[factor])

    def write_into(self, slot: View, factor: Factor) -> None:
        """Write a factor into a part of a buffer."""
        out = self.source.view(slot)
        if isinstance(factor, View) or factor in self.names:
            self.source.add(f"{out}.copy_({self._value(factor)})")
        else:
            self.source.add(self._text(factor, out))

    def write_zero(self, slot: View) -> None:
        """Write zeros into a part of a buffer."""
        self.source.add(f"{self.source.view(slot)}.zero_()")

    def _value(self, factor: Factor) -> str:
        if factor is ONE:
            return "one"
        if isinstance(factor, View):
            return self.source.view(factor)
        if factor not in self.names:
            for value in factor[1:]:
                self._value(value)
            name = f"f{len(self.names)}"
            self.source.add(self._text(factor, self.source.view(View(name))))
            self.names[factor] = name
        return self.source.view(View(self.names[factor]))

    def _text(self, factor: Factor, out: str) -> str:
        operation, *values = factor
        text: str = operation.format(*map(self._value, values), out=out)
        return text
