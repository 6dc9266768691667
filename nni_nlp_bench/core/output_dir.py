"""Output folders, locked by one process at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nni_nlp_bench.core.errors import UserError

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
        lock.acquire()
    except Timeout:
        raise UserError(
            f"another process is writing into {out}: wait for its end, or choose another --out"
        ) from None
    except (FileExistsError, NotADirectoryError):
        raise UserError(f"--out {out} is not a folder") from None
    except OSError as error:
        raise UserError(f"cannot write --out {out}: {error.strerror or error}") from None
    with lock:
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
    from nni_nlp_bench.core.files import atomic_write, strict_json

    text = strict_json(settings) + "\n"
    if not path.exists():
        with atomic_write(path) as new:
            new.write_text(text, "utf-8")
    elif path.read_text("utf-8") != text:
        raise UserError(f"{path.parent} holds {what} with other options; choose another --out")
