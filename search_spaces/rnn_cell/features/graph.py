"""Features of the graph of a cell: named numbers, the same for equal cells.

The hidden states beyond the first may be permuted, so they are described together: `other`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from search_spaces.rnn_cell.architecture import Node, Recipe
from search_spaces.rnn_cell.validity import ACTIVATIONS, OPS

_KINDS = (*OPS, "x", "output_state", "other_state")
_STATES = ("output_state", "other_state")
_COSTS: Mapping[str, frozenset[str]] = {
    "linear": frozenset({"linear"}),
    "bounded": frozenset({"activation_tanh", "activation_sigm"}),
    "sigm": frozenset({"activation_sigm"}),
    "gate": frozenset({"blend", "elementwise_prod"}),
}


def structure(recipe: Recipe) -> dict[str, float]:
    """Return features of counts, paths, the output, and gates; always the same names.

    A path length is -1 where there is no path.
    """
    cell = recipe.canonical
    kinds = _kinds(cell)
    return {**_counts(cell, kinds), **_paths(cell), **_output(cell, kinds), **_gates(cell, kinds)}


def _kinds(cell: Recipe) -> dict[str, str]:
    """Name -> its op, or which kind of source it is."""
    sources = dict.fromkeys(cell.sources, "other_state")
    return sources | {"x": "x", "h_prev_0": "output_state"} | {n.name: n.op for n in cell.nodes}


def _counts(cell: Recipe, kinds: Mapping[str, str]) -> dict[str, float]:
    ops = Counter(node.op for node in cell.nodes)
    edges = Counter((kinds[i], node.op) for node in cell.nodes for i in node.inputs)
    return {
        "nodes": len(cell.nodes),
        "states": cell.hidden_states,
        "matrices": sum(edges[kind, "linear"] for kind in _KINDS),
        **{f"ops_{op}": ops[op] for op in OPS},
        **{f"edges_{kind}_{op}": edges[kind, op] for kind in _KINDS for op in OPS},
    }


def _paths(cell: Recipe) -> dict[str, float]:
    """Fewest and most operations of a sort on the paths from a source to a result."""
    results = [f"h_new_{i}" for i in range(cell.hidden_states)]
    targets = {"output": results[:1], "other": results[1:]}
    x, output_state, *others = [(source, _reached(cell, source)) for source in cell.sources]
    groups = {"x": [x], "output_state": [output_state], "other": others}
    features: dict[str, float] = {}
    for cost, ops in _COSTS.items():
        for group, sources in groups.items():
            reached = [_lengths(source, nodes, ops) for source, nodes in sources]
            for target, names in targets.items():
                found = [lengths[name] for lengths in reached for name in names if name in lengths]
                way = f"{cost}_{group}_to_{target}"
                features[f"fewest_{way}"] = min((fewest for fewest, _ in found), default=-1)
                features[f"most_{way}"] = max((most for _, most in found), default=-1)
    return features


def _reached(cell: Recipe, source: str) -> list[Node]:
    """Return the nodes that a source reaches, each with the inputs through which it does."""
    names, nodes = {source}, []
    for node in cell.nodes:  # the normal form is in topological order
        inputs = tuple(i for i in node.inputs if i in names)
        if inputs:
            names.add(node.name)
            nodes.append(node._replace(inputs=inputs))
    return nodes


def _lengths(
    source: str, reached: Sequence[Node], ops: frozenset[str]
) -> dict[str, tuple[int, int]]:
    """Name -> fewest and most nodes with these ops on the paths that lead to it."""
    lengths = {source: (0, 0)}
    for name, op, (first, *others) in reached:
        fewest, most = lengths[first]
        for other in others:
            low, high = lengths[other]
            fewest, most = min(fewest, low), max(most, high)
        own = op in ops
        lengths[name] = (fewest + own, most + own)
    return lengths


def _output(cell: Recipe, kinds: Mapping[str, str]) -> dict[str, float]:
    """Return features of the output node and of its ancestors within one step."""
    table = {node.name: node for node in cell.nodes}
    output = table["h_new_0"]
    before = [table[i] for i in output.inputs if i in table]
    near = Counter(kinds[i] for i in output.inputs)
    far = Counter(kinds[i] for node in before for i in node.inputs)
    feeding = _feeding(table, output)
    ops = Counter(node.op for node in feeding)
    edges = Counter((kinds[i], node.op) for node in feeding for i in node.inputs)
    return {
        **{f"output_is_{op}": output.op == op for op in OPS},
        **{f"output_reads_{kind}": near[kind] for kind in _KINDS},
        **{f"output_reads_through_one_{kind}": far[kind] for kind in _KINDS},
        "output_is_read": sum("h_new_0" in node.inputs for node in cell.nodes),
        "output_state_is_read": sum("h_prev_0" in node.inputs for node in cell.nodes),
        **{f"feeding_{op}": ops[op] for op in OPS},
        "feeding_trained": edges["x", "linear"],
        "feeding_matrices": sum(edges[kind, "linear"] for kind in _KINDS),
        **{f"feeding_{kind}": sum(edges[kind, op] for op in OPS) for kind in _STATES},
    }


def _feeding(table: Mapping[str, Node], output: Node) -> list[Node]:
    found = {output.name: output}
    stack = [output]
    while stack:
        for name in stack.pop().inputs:
            if name in table and name not in found:
                found[name] = table[name]
                stack.append(table[name])
    return list(found.values())


def _gates(cell: Recipe, kinds: Mapping[str, str]) -> dict[str, float]:
    """What opens the gates, what passes through them, and which of them x can train."""
    trained = {n.name for n in cell.nodes if n.op == "linear" and "x" in n.inputs}
    bent = {n.name: n.op for n in cell.nodes if n.op in ACTIVATIONS and n.inputs[0] in trained}
    steered = trained | bent.keys()
    blends = [node.inputs for node in cell.nodes if node.op == "blend"]
    products = [node.inputs for node in cell.nodes if node.op == "elementwise_prod"]
    openers = Counter(kinds[inputs[0]] for inputs in blends)
    after_x = Counter(bent.values())
    return {
        **{f"blend_opened_by_{kind}": openers[kind] for kind in _KINDS},
        "blend_keeps_state": sum(kinds[i] in _STATES for inputs in blends for i in inputs[1:]),
        "prod_with_sigm": sum(_has(inputs, kinds, "activation_sigm") for inputs in products),
        "steered_gates": sum(inputs[0] in steered for inputs in blends)
        + sum(not steered.isdisjoint(inputs) for inputs in products),
        **{f"{op}_after_x": after_x[op] for op in ACTIVATIONS},
    }


def _has(inputs: tuple[str, ...], kinds: Mapping[str, str], kind: str) -> bool:
    return any(kinds[i] == kind for i in inputs)
