"""`arch`: show, draw or check one architecture."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from nni_nlp_bench.cli import options
from nni_nlp_bench.cli.output import echo, key_value_table, plain_table, print_json, print_tables
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.limits import MAX_COUNT, MAX_PARAMETERS

MAX_DIGITS = 9

arch = typer.Typer(help="Show, draw, check, sample or compute architectures.", no_args_is_help=True)
ArchitectureText = Annotated[
    str,
    typer.Option(help="Published name or id, JSON text, or a file with one of these."),
]


@arch.command()
def show(
    architecture: ArchitectureText,
    space: options.SpaceName = "rnn_cell",
    size: Annotated[
        str | None,
        typer.Option(help="Sizes for the number of parameters, such as width=256,classes=5."),
    ] = None,
    json: options.Json = False,
) -> None:
    """Show the operations and descriptors of an architecture."""
    from search_spaces.loading import read_architecture
    from search_spaces.registry import get_space

    search_space = get_space(space)
    value = read_architecture(search_space, architecture)
    descriptors = {
        "space": space,
        "canonical_key": value.canonical_key,
        **search_space.describe(value),
    }
    if size is not None:
        descriptors |= _count_parameters(search_space, value, size)
    content = _content(value)
    if json:
        counts = search_space.op_counts(value)
        others = {name: item for name, item in descriptors.items() if name not in counts}
        print_json({**others, "op_counts": counts, "architecture": content})
        return
    rows = {name: _format(item) for name, item in descriptors.items()}
    print_tables(key_value_table(rows), _parts_table(content))


@arch.command()
def draw(
    architecture: ArchitectureText,
    out: Annotated[
        Path,
        typer.Option(
            parser=options.output_file,
            metavar="PATH",
            help="Image file to write: .png, .svg or .pdf.",
        ),
    ],
    space: options.SpaceName = "rnn_cell",
) -> None:
    """Draw an architecture."""
    from nni_nlp_bench.core.files import atomic_write
    from search_spaces.loading import read_architecture
    from search_spaces.registry import get_space

    search_space = get_space(space)
    value = read_architecture(search_space, architecture)
    with atomic_write(out) as new:
        search_space.draw(value, new)
    echo(out)


@arch.command()
def check(
    architecture: ArchitectureText,
    space: options.SpaceName = "rnn_cell",
    json: options.Json = False,
) -> None:
    """Check whether an architecture is valid. Exit code: 0, or 2 with the violated rule."""
    from nni_nlp_bench.core.errors import ArchitectureError
    from search_spaces.loading import read_architecture
    from search_spaces.registry import get_space

    search_space = get_space(space)
    try:
        key = read_architecture(search_space, architecture).canonical_key
    except ArchitectureError as error:
        if not json:
            raise
        print_json({"valid": False, "space": space, "broken_rule": str(error)})
        raise typer.Exit(2) from None
    if json:
        print_json({"valid": True, "space": space, "canonical_key": key})
    else:
        echo(f"valid: an architecture of space {space}, canonical key {key}")


@arch.command()
def sample(
    space: options.SpaceName = "rnn_cell",
    count: Annotated[int, typer.Option(min=1, max=MAX_COUNT, help="Number of architectures.")] = 1,
    seed: options.Seed = 0,
    out: Annotated[
        Path | None,
        typer.Option(
            parser=options.output_file,
            metavar="PATH",
            help="File to write (default: standard output).",
        ),
    ] = None,
) -> None:
    """Sample random architectures as JSON Lines, which `score` and `benchmark predict` read."""
    import json

    import numpy as np

    from nni_nlp_bench.core.files import atomic_write
    from search_spaces.registry import get_space

    search_space, rng = get_space(space), np.random.default_rng(seed)
    texts = (search_space.sample(rng).to_json() for _ in range(count))
    lines = (json.dumps(json.loads(text), separators=(",", ":")) for text in texts)
    if out is None:
        for line in lines:
            echo(line)
    else:
        with atomic_write(out) as new, new.open("w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)


@arch.command("maximize-nsc")
def maximize_nsc(
    max_parameters: Annotated[
        int,
        typer.Option(
            min=1,
            max=MAX_PARAMETERS,
            help="Largest number of parameters, embeddings included, at default sizes.",
        ),
    ],
    space: options.SpaceName = "encoder",
) -> None:
    """Print the transformer of the highest Neural Spectral Capacity under a parameter budget."""
    from nni_nlp_bench.zero_cost.maximize_nsc import maximize_nsc as maximize
    from search_spaces.registry import get_space

    echo(maximize(get_space(space), max_parameters).to_json())


def _count_parameters(space: Any, architecture: Any, text: str) -> dict[str, int]:
    """Return the sizes in a text such as `width=256,classes=5`, and the number of parameters.

    Raises:
        UserError: a size is invalid, or the space has fixed sizes.
    """
    from search_spaces.base import SizedSpace

    if not isinstance(space, SizedSpace):
        raise UserError(f"networks of space {space.name} have fixed sizes: do not give --size")
    size: dict[str, int] = {}
    for part in text.split(","):
        name, _, number = (word.strip() for word in part.partition("="))
        if not name or not (number.isascii() and number.isdigit()) or len(number) > MAX_DIGITS:
            raise UserError(f"--size: {part[:60]!r} is not a size such as width=256")
        if name in size:
            raise UserError(f"--size: {name[:60]} is given twice")
        size[name] = int(number)
    return {**size, "parameters": space.parameters(architecture, size)}


def _content(architecture: Any) -> Mapping[str, Any]:
    import json

    return json.loads(architecture.to_json())  # type: ignore[no-any-return]


def _parts_table(content: Mapping[str, Any]) -> Any:
    """Return a table of the parts of an architecture.

    It has one column per field if all parts have the same fields. Parts in a list are numbered
    from 0.
    """

    heading, parts = "part", content
    for key, value in content.items():
        if isinstance(value, list) and all(isinstance(part, Mapping) for part in value):
            heading = key.removesuffix("s")
            parts = {str(number): part for number, part in enumerate(value)}
    fields = {tuple(part) if isinstance(part, Mapping) else None for part in parts.values()}
    names = fields.pop() if len(fields) == 1 else None
    if names is None:
        return plain_table(None, (heading, "value"), [[k, _format(v)] for k, v in parts.items()])
    rows = [[key, *(_format(part[name]) for name in names)] for key, part in parts.items()]
    return plain_table(None, (heading, *names), rows)


def _format(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, int):
        return f"{value:,}"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
