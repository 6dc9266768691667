"""Read an architecture by a published name, JSON text, or a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.input_files import exists, read_text
from nni_nlp_bench.core.parse_json import parse_json

MAX_FILE_BYTES = 1_000_000


def read_architecture(space: Any, text: str) -> Any:
    """Return the architecture of a name, JSON text or file, `best.json` too. Raises UserError."""
    if text.lstrip().startswith("{") or text in space.published_names() or not _names_file(text):
        return space.parse(text)
    content = _text_of(Path(text))
    try:
        return space.parse(_found(content, space.name) or content)
    except UserError as error:
        raise type(error)(f"{text}: {error}") from None


def _found(content: str, space: str) -> str | None:
    """Return the architecture in what a search wrote; None for any other text. Raises UserError."""
    try:
        found = parse_json(content)
    except ValueError:
        return None
    if not isinstance(found, dict) or not isinstance(found.get("space"), str):
        return None
    if found["space"] != space:
        raise UserError(f"found in the space {found['space']}: give --space {found['space']}")
    if "architecture" not in found:
        raise UserError("it has a space but no architecture")
    return json.dumps(found["architecture"])


def _names_file(text: str) -> bool:
    path = Path(text)
    return bool(path.suffix) or len(path.parts) > 1 or exists(path)


def _text_of(path: Path) -> str:
    content = read_text(path, MAX_FILE_BYTES)
    if not content.strip():
        raise UserError(f"{path}: the file is empty")
    return content
