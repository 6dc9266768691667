"""`arch`: look at one architecture."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from nni_nlp_bench.cli import options
from nni_nlp_bench.core.errors import UserError

MAX_DIGITS = 9

arch = typer.Typer(help="Show, draw or check one architecture.", no_args_is_help=True)
ArchitectureText = Annotated[
    str,
    typer.Option(help="Its published name or id, its text, or a file that holds either."),
]


@arch.command()
def show(
    architecture: ArchitectureText,
    space: options.SpaceName = "rnn_cell",
    size: Annotated[
        str | None,
        typer.Option(help="Sizes to count the parameters at, such as width=256,classes=5."),
    ] = None,
    json: options.Json = False,
) -> None:
    """Show the operations and sizes of an architecture."""
    from nni_nlp_bench.cli.output import key_value_table, print_json, print_tables
    from search_spaces.base import get_space
    from search_spaces.loading import read_architecture

    home = get_space(space)
    value = read_architecture(home, architecture)
    facts = {"space": space, "canonical_key": value.canonical_key, **home.describe(value)}
    if size is not None:
        facts |= _parameters_at(home, value, size)
    content = _content(value)
    if json:
        counts = home.op_counts(value)
        sizes = {name: fact for name, fact in facts.items() if name not in counts}
        print_json({**sizes, "op_counts": counts, "architecture": content})
        return
    words = {name: _word(fact) for name, fact in facts.items()}
    print_tables(key_value_table(words), _parts_table(content))


@arch.command()
def draw(
    architecture: ArchitectureText,
    out: Annotated[Path, typer.Option(help="The picture to write: .png, .svg or .pdf.")],
    space: options.SpaceName = "rnn_cell",
) -> None:
    """Draw an architecture."""
    from nni_nlp_bench.core.files import atomic_write
    from search_spaces.base import get_space
    from search_spaces.loading import read_architecture

    home = get_space(space)
    value = read_architecture(home, architecture)
    with atomic_write(out) as new:
        home.draw(value, new)
    typer.echo(out)


@arch.command()
def check(
    architecture: ArchitectureText,
    space: options.SpaceName = "rnn_cell",
    json: options.Json = False,
) -> None:
    """Tell whether an architecture is valid: exit code 0, else 2 and the rule that it breaks."""
    from nni_nlp_bench.cli.output import print_json
    from nni_nlp_bench.core.errors import ArchitectureError
    from search_spaces.base import get_space
    from search_spaces.loading import read_architecture

    home = get_space(space)
    try:
        key = read_architecture(home, architecture).canonical_key
    except ArchitectureError as error:
        if not json:
            raise
        print_json({"valid": False, "space": space, "broken_rule": str(error)})
        raise typer.Exit(2) from None
    if json:
        print_json({"valid": True, "space": space, "canonical_key": key})
    else:
        typer.echo(f"valid: an architecture of space {space}, canonical key {key}")


def _parameters_at(space: Any, architecture: Any, text: str) -> dict[str, int]:
    """The sizes of a text such as `width=256,classes=5`, and the parameters at these.

    Raises UserError.
    """
    from search_spaces.base import SizedSpace

    if not isinstance(space, SizedSpace):
        fixed = f"the parameters of space {space.name} are those of one model"
        raise UserError(f"{fixed}: leave --size out")
    size: dict[str, int] = {}
    for part in text.split(","):
        name, _, number = (word.strip() for word in part.partition("="))
        if not name or not (number.isascii() and number.isdigit()) or len(number) > MAX_DIGITS:
            raise UserError(f"--size: {part[:60]!r} is no size such as width=256")
        if name in size:
            raise UserError(f"--size: {name[:60]} is given twice")
        size[name] = int(number)
    return {**size, "parameters": space.parameters(architecture, size)}


def _content(architecture: Any) -> Mapping[str, Any]:
    import json

    return json.loads(architecture.to_json())  # type: ignore[no-any-return]


def _parts_table(content: Mapping[str, Any]) -> Any:
    """The parts of an architecture: a column a field where all parts have the same fields.

    Parts that are in a list have numbers for names, from 0.
    """
    from nni_nlp_bench.cli.output import plain_table

    what, parts = "part", content
    for key, value in content.items():
        if isinstance(value, list) and all(isinstance(part, Mapping) for part in value):
            what = key.removesuffix("s")
            parts = {str(number): part for number, part in enumerate(value)}
    fields = {tuple(part) if isinstance(part, Mapping) else None for part in parts.values()}
    names = fields.pop() if len(fields) == 1 else None
    if names is None:
        return plain_table(None, (what, "value"), [[k, _word(v)] for k, v in parts.items()])
    rows = [[key, *(_word(part[name]) for name in names)] for key, part in parts.items()]
    return plain_table(None, (what, *names), rows)


def _word(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, int):
        return f"{value:,}"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
