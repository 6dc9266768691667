"""The forward loop of a recipe, as generated code."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from search_spaces.rnn_cell.architecture import Node
from search_spaces.rnn_cell.recurrence.plan import Plan, X, is_result
from search_spaces.rnn_cell.recurrence.source import Source, View
from search_spaces.rnn_cell.validity import state_index

IN_PLACE = {
    "activation_tanh": "tanh({z}, out={z})",
    "activation_sigm": "{z}.sigmoid_()",
    "activation_leaky_relu": "aten.leaky_relu_({z}, 0.01)",
}
ELSEWHERE = {
    "activation_tanh": "tanh({z}, out={v})",
    "activation_sigm": "torch.sigmoid({z}, out={v})",
    "activation_leaky_relu": "aten.leaky_relu.out({z}, 0.01, out={v})",
}
ON_HOST = {"activation_tanh"}
"""Operations that are NumPy's on the CPU."""


def forward_source(plan: Plan) -> Source:
    """Return the loop that fills the buffers of every step, given the projections of `x`."""
    source = Source()
    for name in plan.recipe.sources:
        _push(plan, source, name)
    for group in plan.steps:
        _compute(plan, source, group)
        for node in group:
            _push(plan, source, node.name)
    return source


def place(plan: Plan, name: str) -> View:
    """Return the view that holds the value of a name."""
    previous = state_index(name, "h_prev_")
    if previous is not None:
        return View(f"state {previous}", rows="previous")
    new = state_index(name, "h_new_")
    if new is not None:
        return View(f"state {new}", rows="new")
    linear = plan.in_place.get(name, name)
    if linear in plan.column:
        return View("linear", plan.column[linear], plan.column[linear] + 1)
    return View(f"node {name}")


def _value(plan: Plan, source: Source, name: str) -> str:
    return source.view(place(plan, name))


def _push(plan: Plan, source: Source, name: str) -> None:
    """Add a value's products to the linear maps that read it; those of `x` are there already."""
    if name == X:
        return
    for i, product in enumerate(plan.products.get(name, ())):
        block = source.view(View("linear", product.start, product.stop))
        value = source.view(place(plan, name))
        source.add(f"addmm({block}, {value}, {source.weight(name, i)})")


def _compute(plan: Plan, source: Source, group: tuple[Node, ...]) -> None:
    node = group[0]
    if node.name in plan.folded:
        return
    if node.op == "linear":
        if is_result(node.name):
            block = View("linear", plan.column[node.name], plan.column[node.name] + 1)
            value = source.view(place(plan, node.name))
            source.add(f"{value}.copy_({source.view(block)})")
    elif node.name in plan.in_place:
        start = plan.column[plan.in_place[node.name]]
        block = View("linear", start, start + len(group), host=node.op in ON_HOST)
        source.add(IN_PLACE[node.op].format(z=source.view(block)))
    elif node.op in ELSEWHERE:
        host = node.op in ON_HOST
        z, v = (replace(place(plan, name), host=host) for name in (*node.inputs, node.name))
        source.add(ELSEWHERE[node.op].format(z=source.view(z), v=source.view(v)))
    else:
        _elementwise(plan, source, node)


def _elementwise(plan: Plan, source: Source, node: Node) -> None:
    value = partial(_value, plan, source)
    out = value(node.name)
    if node.op == "blend":
        a, b, c = (value(name) for name in node.inputs)
        source.add(f"torch.lerp({c}, {b}, {a}, out={out})")
    elif node.op == "elementwise_prod":
        first, second, *others = (value(name) for name in node.inputs)
        source.add(f"torch.mul({first}, {second}, out={out})")
        for other in others:
            source.add(f"{out}.mul_({other})")
    else:
        _sum(plan, source, node)


def _sum(plan: Plan, source: Source, node: Node) -> None:
    """Plain terms first, then the products of two that are added without being written down."""
    value = partial(_value, plan, source)
    out = value(node.name)
    plain = [value(name) for name in node.inputs if name not in plan.folded]
    pairs = [
        tuple(value(factor) for factor in plan.nodes[name].inputs)
        for name in node.inputs
        if name in plan.folded
    ]
    if len(plain) > 1:
        source.add(f"torch.add({plain[0]}, {plain[1]}, out={out})")
        for other in plain[2:]:
            source.add(f"{out}.add_({other})")
    elif plain:
        a, b = pairs.pop(0)
        source.add(f"torch.addcmul({plain[0]}, {a}, {b}, out={out})")
    else:
        a, b = pairs.pop(0)
        source.add(f"torch.mul({a}, {b}, out={out})")
    for a, b in pairs:
        source.add(f"{out}.addcmul_({a}, {b})")
