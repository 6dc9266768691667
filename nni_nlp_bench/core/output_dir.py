"""Output folders, locked by one process at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.files import atomic_write, strict_json

SETTINGS, LOCK = "settings.json", ".lock"


@contextmanager
def locked_output_dir(out: Path, settings: Mapping[str, Any], what: str) -> Iterator[None]:
    """Context that locks an output folder and stores its settings.

    A UserError before any other file is written removes the folder. Raises UserError if the folder
    is locked, or contains `what` with other settings.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(out / LOCK, timeout=0)
    try:
        out.mkdir(parents=True, exist_ok=True)
        held = lock.acquire()
    except Timeout:
        raise UserError(
            f"another process is writing into {out}: wait for its end, or choose another --out"
        ) from None
    except (FileExistsError, NotADirectoryError):
        raise UserError(f"--out {out} is not a folder") from None
    except OSError as error:
        raise UserError(f"cannot write --out {out}: {error.strerror or error}") from None
    with held:
        _check_settings(out / SETTINGS, settings, what)
        try:
            yield
        except UserError:
            _clear(out)
            raise


def _clear(out: Path) -> None:
    """Remove a folder that contains only the settings and the lock."""
    if {path.name for path in out.iterdir()} == {SETTINGS, LOCK}:
        for name in (SETTINGS, LOCK):
            (out / name).unlink()
        out.rmdir()


def _check_settings(path: Path, settings: Mapping[str, Any], what: str) -> None:
    text = strict_json(settings) + "\n"
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        with atomic_write(path) as new:
            new.write_text(text, "utf-8")
        return
    except OSError as error:
        raise UserError(
            f"cannot read {path}: {error.strerror or error}; choose another --out"
        ) from None
    if content == text.encode():
        return
    try:
        stored = json.loads(content)
    except (ValueError, RecursionError):
        stored = None
    if not isinstance(stored, dict):
        raise UserError(f"{path} is damaged: choose another --out")
    names = ", ".join(_differences(stored, json.loads(text)))
    raise UserError(
        f"{path.parent} holds {what} with other options ({names}); choose another --out"
    )


def _differences(one: Mapping[str, Any], two: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """Yield the names of the settings that differ, such as `settings.budget.evaluations`."""
    for name in {**one, **two}:
        a, b = one.get(name), two.get(name)
        if isinstance(a, dict) and isinstance(b, dict):
            yield from _differences(a, b, f"{prefix}{name}.")
        elif a != b or (name in one) != (name in two):
            yield prefix + name
