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
        """The whole loop. `g0`, `g1`, ... are the gradients of the states between steps."""
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
        g, y, (target,) = self._names[node.name], self._value(node.name), node.inputs
        if target in self.plan.column and target not in self._names:
            grad = self._slot(target)
            into = f", grad_input={grad}"
            self.source.add(DERIVATIVE[node.op].format(out=".grad_input", g=g, y=y, into=into))
            self._own(target, grad)
        else:
            self._give(target, DERIVATIVE[node.op].format(out="", g=g, y=y, into=""), fresh=True)

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
            weight = self.source.weight(name, i)
            known = self._names.get(name)
            if known is None and self._block_name(name) in self.plan.column:
                grad = self._slot(self._block_name(name))
                self.source.add(f"torch.mm({block}, {weight}, out={grad})")
                self._own(name, grad)
            elif known is None:
                self._own(name, self._new(f"torch.mm({block}, {weight})"))
            elif name in self._owned:
                self.source.add(f"{known}.addmm_({block}, {weight})")
            else:
                self._own(name, self._new(f"torch.addmm({known}, {block}, {weight})"))

    def _give(self, name: str, gradient: str, fresh: bool = False) -> None:
        """Add a gradient to that of a name; a `fresh` one is nobody else's."""
        if name == X:
            return
        known = self._names.get(name)
        if known is None and self._block_name(name) in self.plan.column:
            grad = self._slot(self._block_name(name))
            self.source.add(f"{grad}.copy_({gradient})")
            self._own(name, grad)
        elif known is None:
            if fresh:
                self._own(name, self._new(gradient))
            else:
                self._names[name] = gradient
        elif name in self._owned:
            self.source.add(f"{known}.add_({gradient})")
        else:
            self._own(name, self._new(f"torch.add({known}, {gradient})"))

    def _give_product(self, name: str, g: str, factor: str) -> None:
        """Add `g * factor` to the gradient of a name."""
        known = self._names.get(name)
        if known is None and self._block_name(name) in self.plan.column:
            grad = self._slot(self._block_name(name))
            self.source.add(f"torch.mul({g}, {factor}, out={grad})")
            self._own(name, grad)
        elif known is None:
            self._own(name, self._new(f"torch.mul({g}, {factor})"))
        elif name in self._owned:
            self.source.add(f"{known}.addcmul_({g}, {factor})")
        else:
            self._own(name, self._new(f"torch.addcmul({known}, {g}, {factor})"))

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

    def _block_name(self, name: str) -> str:
        """The linear map in whose columns the gradient of a name is collected."""
        return self.plan.in_place.get(name, name)
