"""A cell in NASLib's compact form: the keys of its `nb_nlp.pickle`.

`(edges, ops, hiddens)`: vertices 0 to 3 are x, h_prev_0, h_prev_1, h_prev_2 (also where the cell
has fewer states), then the nodes; an edge is (from, to), and the edges to a node stand in the order
of its inputs; `ops` numbers the operation of every vertex; `hiddens` lists the vertices whose name
contains `h_new`, ascending. The order of the results is lost.
"""

from __future__ import annotations

from functools import cache

from search_spaces.rnn_cell import Node, Recipe, published_recipe
from search_spaces.rnn_cell.published import first_ids

Compact = tuple[tuple[tuple[int, int], ...], tuple[int, ...], tuple[int, ...]]

SOURCES = ("x", "h_prev_0", "h_prev_1", "h_prev_2")
OPS = (
    "in",
    "activation_sigm",
    "activation_tanh",
    "activation_leaky_relu",
    "elementwise_sum",
    "elementwise_prod",
    "linear",
    "blend",
)


def compact(recipe: Recipe) -> Compact:
    """Return NASLib's key of a recipe, which depends on the names and the order of the nodes."""
    nodes = _in_naslib_order(recipe)
    index = {name: i for i, name in enumerate((*SOURCES, *(node.name for node in nodes)))}
    edges = tuple((index[name], index[node.name]) for node in nodes for name in node.inputs)
    ops = (0,) * len(SOURCES) + tuple(OPS.index(node.op) for node in nodes)
    return edges, ops, tuple(index[node.name] for node in nodes if "h_new" in node.name)


def recipe_by_position(key: Compact) -> Recipe:
    """Return the cell of a key, with h_new_0, h_new_1, ... in the order of their vertices.

    Correct if the key determines the order (see `order_is_determined`). Raises RecipeError.
    """
    edges, ops, hiddens = key
    names = list(SOURCES)
    for vertex in range(len(SOURCES), len(ops)):
        is_result = vertex in hiddens
        names.append(f"h_new_{hiddens.index(vertex)}" if is_result else f"node_{vertex}")
    inputs: dict[int, list[str]] = {vertex: [] for vertex in range(len(ops))}
    for source, target in edges:
        inputs[target].append(names[source])
    return Recipe(
        tuple(
            Node(names[vertex], OPS[ops[vertex]], tuple(inputs[vertex]))
            for vertex in range(len(SOURCES), len(ops))
        )
    )


def order_is_determined(key: Compact) -> bool:
    """Return whether a key determines the order of the results.

    The release writes results last, and NASLib moves a node only behind its inputs.
    """
    edges, ops, hiddens = key
    last = range(len(ops) - len(hiddens), len(ops))
    return len(hiddens) == 1 or (
        hiddens == tuple(last) and all(source not in last for source, _ in edges)
    )


@cache
def published_by_compact() -> dict[Compact, tuple[Recipe, ...]]:
    """Return the published cells by NASLib's key; several cells can share a key."""
    recipes: dict[Compact, dict[str, Recipe]] = {}
    for recipe in map(published_recipe, first_ids()):
        recipes.setdefault(compact(recipe), {})[recipe.canonical_key] = recipe
    return {key: tuple(cells.values()) for key, cells in recipes.items()}


def _in_naslib_order(recipe: Recipe) -> list[Node]:
    """Move the first node that reads a later one to the end, until there is none."""
    nodes = list(recipe.nodes)
    while True:
        known = set(SOURCES)
        for i, node in enumerate(nodes):
            known.add(node.name)
            if not known.issuperset(node.inputs):
                nodes.append(nodes.pop(i))
                break
        else:
            return nodes
