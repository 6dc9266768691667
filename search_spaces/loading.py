"""Read an architecture by a published name, JSON text, or a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from nni_nlp_bench.core.errors import UserError

MAX_FILE_BYTES = 1_000_000
MAX_FILE_NAME = 200


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
        found = json.loads(content)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or not isinstance(found.get("space"), str):
        return None
    if found["space"] != space:
        raise UserError(f"found in the space {found['space']}: give --space {found['space']}")
    return json.dumps(found["architecture"])


def _names_file(text: str) -> bool:
    path = Path(text)
    is_path = bool(path.suffix) or len(path.parts) > 1
    return is_path or (len(text) <= MAX_FILE_NAME and path.exists())


def _text_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}") from None
    if len(content) > MAX_FILE_BYTES:
        raise UserError(f"{path}: too large for an architecture")
    if not content.strip():
        raise UserError(f"{path}: the file is empty")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UserError(f"{path}: not a text file") from None
