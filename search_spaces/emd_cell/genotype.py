"""The text in which the release of KD-NAS-EMD writes a cell.

It looks like Python and is read as such, but never run.
"""

from __future__ import annotations

import ast
import re

from search_spaces.emd_cell.architecture import INPUTS, NODES, CellError, EmdCell

MAX_CHARACTERS = 2_000
_FORM = "normal=[[('stdconv_5',0),('dilconv_3',1)],...]"
_FIELDS = ("normal", "normal_concat", "reduce", "reduce_concat")
_OUTPUT = list(range(INPUTS, INPUTS + NODES))
_SHOWN_CHARACTERS = 40


def from_genotype(text: str) -> EmdCell:
    """Read `normal=[...]`, the whole `Genotype(normal=[...], ...)`, or the bare `[...]`.

    Raises CellError, for an output of other nodes and for a second kind of cell too.
    """
    if len(text) > MAX_CHARACTERS:
        raise CellError(f"a genotype has at most {MAX_CHARACTERS:,} characters")
    text = text.strip()
    if text.startswith("["):
        text = f"normal={text}"
    if re.match(r"normal\s*=", text):
        text = f"Genotype({text})"
    fields = _fields(text)
    if "normal" not in fields:
        raise CellError(f"a genotype must look like {_FORM}")
    if "normal_concat" in fields and _numbers(fields["normal_concat"]) != _OUTPUT:
        raise CellError(f"the output of a cell is that of all nodes: normal_concat={_OUTPUT}")
    if "reduce" in fields and _value(fields["reduce"]) != []:
        raise CellError("a genotype of this space has no reduction cell: reduce=[]")
    return EmdCell.of(_value(fields["normal"]))


def to_genotype(cell: EmdCell) -> str:
    """Return the release's text, nodes and edges in their own order."""
    nodes = (",".join(f"('{op}',{source})" for op, source in node) for node in cell.nodes)
    return f"normal=[{','.join(f'[{node}]' for node in nodes)}]"


def _fields(text: str) -> dict[str, ast.expr]:
    """Return the named arguments of a call `Genotype(...)`."""
    try:
        call = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise CellError(f"a genotype must look like {_FORM}") from None
    if not isinstance(call, ast.Call) or not _is_named(call.func, "Genotype") or call.args:
        raise CellError(f"a genotype must look like {_FORM}")
    for keyword in call.keywords:
        if keyword.arg not in _FIELDS:
            name = str(keyword.arg)[:_SHOWN_CHARACTERS]
            raise CellError(f"unknown part {name!r} of a genotype; known: {', '.join(_FIELDS)}")
    return {str(keyword.arg): keyword.value for keyword in call.keywords}


def _numbers(part: ast.expr) -> list[int]:
    """Return the numbers of `range(2, 5)` or of a list."""
    if isinstance(part, ast.Call) and _is_named(part.func, "range") and not part.keywords:
        ends = [_value(end) for end in part.args]
        return _OUTPUT if ends == [_OUTPUT[0], _OUTPUT[-1] + 1] else []
    found = _value(part)
    return list(found) if isinstance(found, list | tuple) else []


def _value(part: ast.expr) -> object:
    """Return the value of a literal."""
    try:
        value: object = ast.literal_eval(part)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        raise CellError(f"a genotype must look like {_FORM}") from None
    return value


def _is_named(part: ast.expr, name: str) -> bool:
    return isinstance(part, ast.Name) and part.id == name
