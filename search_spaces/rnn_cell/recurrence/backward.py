"""The backward loop of a recipe, as generated code."""

from __future__ import annotations

from search_spaces.rnn_cell.architecture import Node
from search_spaces.rnn_cell.recurrence.forward import place
from search_spaces.rnn_cell.recurrence.plan import Plan, X
from search_spaces.rnn_cell.recurrence.source import Source, View
from search_spaces.rnn_cell.validity import ACTIVATIONS, state_index

DERIVATIVE = {
    "activation_tanh": "aten.tanh_backward{out}({g}, {y}{into})",
    "activation_sigm": "aten.sigmoid_backward{out}({g}, {y}{into})",
    "activation_leaky_relu": "aten.leaky_relu_backward{out}({g}, {y}, 0.01, True{into})",
}


class BackwardSource:
    """Writes the loop that carries gradients through one step, from its results to its sources.

    The gradients of linear maps are written into their block, which all steps keep; others are
    temporary. A name owns its gradient where no other name stands for the same tensor: only then
    is it added to in place.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.source = Source()
        self._names: dict[str, str] = {}
        self._owned: set[str] = set()
        self._count = 0

    def write(self) -> Source:
        """Return the whole loop. `g0`, `g1`, ... are the gradients of the states between steps."""
        add = self.source.add
        total = self.source.view(View("state_grad"))
        add(f"torch.add(g0, {self.source.view(View('output_grad'))}, out={total})")
        self._names["h_new_0"] = total
        for i in range(1, self.plan.recipe.hidden_states):
            self._names[f"h_new_{i}"] = f"g{i}"
        for group in reversed(self.plan.steps):
            for node in group:
                self._pull(node.name)
            self._through(group)
        for i in range(self.plan.recipe.hidden_states):
            self._pull(f"h_prev_{i}")
        carried = [self._names[f"h_prev_{i}"] for i in range(self.plan.recipe.hidden_states)]
        add(f"{', '.join(f'g{i}' for i in range(len(carried)))} = {', '.join(carried)}")
        return self.source

    def _through(self, group: tuple[Node, ...]) -> None:
        """From the gradient of a group to those of its inputs."""
        node = group[0]
        if node.op == "linear":
            if state_index(node.name, "h_new_") is not None:
                self.source.add(f"{self._slot(node.name)}.copy_({self._names[node.name]})")
        elif node.name in self.plan.in_place:
            start = self.plan.column[self.plan.in_place[node.name]]
            grad = self.source.view(View("linear_grad", start, start + len(group)))
            y = self.source.view(View("linear", start, start + len(group)))
            into = f", grad_input={grad}"
            text = DERIVATIVE[node.op].format(out=".grad_input", g=grad, y=y, into=into)
            self.source.add(text)
        elif node.op in ACTIVATIONS:
            self._activation(node)
        elif node.op == "elementwise_sum":
            for name in node.inputs:
                self._give(name, self._names[node.name])
        elif node.op == "elementwise_prod":
            self._product(node)
        else:
            self._blend(node)

    def _activation(self, node: Node) -> None:
        derivative = DERIVATIVE[node.op]
        g, y, (target,) = self._names[node.name], self._value(node.name), node.inputs
        value = derivative.format(out="", g=g, y=y, into="")
        self._collect(
            target,
            new=value,
            written=derivative.format(out=".grad_input", g=g, y=y, into=", grad_input={to}"),
            added=f"{{to}}.add_({value})",
            total=f"torch.add({{to}}, {value})",
        )

    def _product(self, node: Node) -> None:
        g = self._names[node.name]
        for i, name in enumerate(node.inputs):
            first, *others = (self._value(n) for j, n in enumerate(node.inputs) if j != i)
            factor = first
            for other in others:
                factor = self._new(f"torch.mul({factor}, {other})")
            self._give_product(name, g, factor)

    def _blend(self, node: Node) -> None:
        g, (a, b, c) = self._names[node.name], node.inputs
        first = self._new(f"torch.mul({g}, {self._value(a)})")
        difference = self._new(f"torch.sub({self._value(b)}, {self._value(c)})")
        self._give_product(a, g, difference)
        self._give(c, f"torch.sub({g}, {first})", fresh=True)
        self._give(b, first, fresh=True)

    def _pull(self, name: str) -> None:
        """Collect what a value's products give it: their linear maps are done."""
        if name == X:
            return
        for i, product in enumerate(self.plan.products.get(name, ())):
            block = self.source.view(View("linear_grad", product.start, product.stop))
            factors = f"{block}, {self.source.weight(name, i)}"
            self._collect(
                name,
                new=f"torch.mm({factors})",
                written=f"torch.mm({factors}, out={{to}})",
                added=f"{{to}}.addmm_({factors})",
                total=f"torch.addmm({{to}}, {factors})",
            )

    def _give(self, name: str, gradient: str, fresh: bool = False) -> None:
        """Add a gradient to that of a name; a `fresh` one is nobody else's."""
        if not fresh and name not in self._names and self._column_of(name) not in self.plan.column:
            self._names[name] = gradient
            return
        self._collect(
            name,
            new=gradient,
            written=f"{{to}}.copy_({gradient})",
            added=f"{{to}}.add_({gradient})",
            total=f"torch.add({{to}}, {gradient})",
        )

    def _give_product(self, name: str, g: str, factor: str) -> None:
        """Add `g * factor` to the gradient of a name."""
        self._collect(
            name,
            new=f"torch.mul({g}, {factor})",
            written=f"torch.mul({g}, {factor}, out={{to}})",
            added=f"{{to}}.addcmul_({g}, {factor})",
            total=f"torch.addcmul({{to}}, {g}, {factor})",
        )

    def _collect(self, name: str, *, new: str, written: str, added: str, total: str) -> None:
        """Add to the gradient of a name, in the way that fits what is known of it.

        Written into its columns or new at first, then added in place where the name owns it, else
        a new total; `{to}` stands for the columns or for what is known.
        """
        known, column = self._names.get(name), self._column_of(name)
        if known is None and column in self.plan.column:
            slot = self._slot(column)
            self.source.add(written.format(to=slot))
            self._own(name, slot)
        elif known is None:
            self._own(name, self._new(new))
        elif name in self._owned:
            self.source.add(added.format(to=known))
        else:
            self._own(name, self._new(total.format(to=known)))

    def _own(self, name: str, variable: str) -> None:
        self._names[name] = variable
        self._owned.add(name)

    def _new(self, expression: str) -> str:
        variable = f"t{self._count}"
        self._count += 1
        self.source.add(f"{variable} = {expression}")
        return variable

    def _value(self, name: str) -> str:
        return self.source.view(place(self.plan, name))

    def _slot(self, linear: str) -> str:
        start = self.plan.column[linear]
        return self.source.view(View("linear_grad", start, start + 1))

    def _column_of(self, name: str) -> str:
        """Return the linear map in whose columns the gradient of a name is collected."""
        return self.plan.in_place.get(name, name)
