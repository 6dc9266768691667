"""Reference of the commands: one page per panel of `nni-nlp-bench --help`, made of the command."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from markdown_parts import cell
from typer.main import get_command
from typer.models import ParameterInfo

from nni_nlp_bench.cli.app import FRAMEWORKS, INSPECT, SEARCH, TRAIN, USE, app

PROGRAM = "nni-nlp-bench"
PAGES = {
    SEARCH: "search",
    TRAIN: "score-and-train",
    USE: "classify",
    INSPECT: "inspect",
    FRAMEWORKS: "frameworks",
}
"""File names of the pages, by panel."""
TYPES = {str: "TEXT", int: "INTEGER", float: "NUMBER", Path: "PATH"}
INTRODUCTION = f"""
# Commands

`{PROGRAM} COMMAND --help` prints what these pages say. A command ends with exit code 0, with 2 for
an error that you can mend, told in one line on stderr, or with 1 for any other failure. Options
that may be given several times are marked with dots.
"""


def command_pages() -> Iterator[tuple[str, str]]:
    """Yield path and Markdown text of each page."""
    root: Any = get_command(app)
    yield "reference/commands/index.md", _index(root)
    for panel, name in PAGES.items():
        sections = [text for command in _of_panel(root, panel) for text in _sections(command, "##")]
        yield f"reference/commands/{name}.md", "\n".join([f"# {panel}\n", *sections])


def _index(root: Any) -> str:
    lines = [INTRODUCTION]
    for panel, name in PAGES.items():
        lines += [f"## {panel}\n", "| command | purpose |", "|---|---|"]
        for command in _of_panel(root, panel):
            purpose = cell(_paragraphs(command)[0])
            lines.append(f"| [`{command.name}`]({name}.md#{command.name}) | {purpose} |")
        lines.append("")
    return "\n".join(lines)


def _of_panel(root: Any, panel: str) -> list[Any]:
    return [command for command in root.commands.values() if command.rich_help_panel == panel]


def _sections(command: Any, level: str, group: str = "") -> Iterator[str]:
    """Yield the section of a command, and those of the commands of a group."""
    path = f"{group} {command.name}".strip()
    yield f"{level} {path} {{ #{path.replace(' ', '-')} }}\n"
    yield from (f"{paragraph}\n" for paragraph in _paragraphs(command))
    if hasattr(command, "commands"):
        for inner in command.commands.values():
            yield from _sections(inner, f"{level}#", path)
        return
    types = get_type_hints(inspect.unwrap(command.callback), include_extras=True)
    options = [Option(p, types[p.name]) for p in command.params if p.name in types and not p.hidden]
    required = [option.call for option in options if option.required]
    yield f"```text\n{' '.join([PROGRAM, path, *required, '[OPTIONS]'])}\n```\n"
    panels = dict.fromkeys(option.panel for option in options)
    for panel in sorted(panels, key=bool):
        yield f"**{panel or 'Options'}**\n"
        yield "| option | default | meaning |\n|---|---|---|"
        yield from (option.row for option in options if option.panel == panel)
        yield ""


class Option:
    """An option or an argument of a command, with its annotation."""

    def __init__(self, parameter: Any, annotation: Any) -> None:
        self.parameter = parameter
        self.required = bool(parameter.required)
        self.panel = parameter.rich_help_panel or ""
        self.type, *extras = (
            get_args(annotation) if hasattr(annotation, "__metadata__") else (annotation,)
        )
        self.info = next((extra for extra in extras if isinstance(extra, ParameterInfo)), None)

    @property
    def names(self) -> list[str]:
        """Spellings; of an argument its name in capitals."""
        if self.parameter.param_type_name == "argument":
            return [self.parameter.name.upper()]
        return [*self.parameter.opts, *self.parameter.secondary_opts]

    @property
    def value(self) -> str:
        """Placeholder or choices of the value; empty for flags and arguments."""
        if self.parameter.param_type_name == "argument" or self._plain_type is bool:
            return ""
        if get_origin(self._plain_type) is Literal:
            return "|".join(map(str, get_args(self._plain_type)))
        name = self.parameter.metavar or TYPES[self._plain_type]
        return f"{name} ..." if get_origin(self._present_type) is list else name

    @property
    def _present_type(self) -> Any:
        """The type without None."""
        parts = [part for part in get_args(self.type) if part is not NoneType]
        return parts[0] if NoneType in get_args(self.type) and parts else self.type

    @property
    def _plain_type(self) -> Any:
        """The type of one value."""
        kind = self._present_type
        return get_args(kind)[0] if get_origin(kind) is list else kind

    @property
    def call(self) -> str:
        """Name and value, as in a call."""
        return f"{self.names[0]} {self.value}".rstrip()

    @property
    def row(self) -> str:
        """Row of the table of options."""
        names = ", ".join(f"`{name}`" for name in self.names)
        value = cell(f" `{self.value}`") if self.value else ""
        meaning = cell(f"{self.parameter.help or ''} {self._bounds}")
        return f"| {names}{value and ' ' + value} | {self._default} | {meaning} |"

    @property
    def _bounds(self) -> str:
        low, high = getattr(self.info, "min", None), getattr(self.info, "max", None)
        if low is not None and high is not None:
            return f"({low:,} to {high:,})"
        return f"(at least {low:,})" if low is not None else ""

    @property
    def _default(self) -> str:
        default = self.parameter.default
        if self.required:
            return "required"
        if default is None or default is False or callable(default) or default == []:
            return ""
        return "yes" if default is True else f"`{default}`"


def _paragraphs(command: Any) -> list[str]:
    """Return the help of a command."""
    texts = re.split(r"\n\s*\n", inspect.cleandoc(command.help or ""))
    return [" ".join(text.split()) for text in texts]
