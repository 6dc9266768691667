"""Mutations of a valid file: each leaves a file, or something else, at the same path."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random

Mutation = Callable[[Path, Random], None]
NUMBERS = ("-1", "1e30", "-1e30", "1e308", "1e400", "NaN", "-Infinity", "1_000", "0x10", "9" * 400)
TOKENS = (
    "null",
    "{}",
    "[]",
    "[[]]",
    '""',
    "true",
    "\\ud800",
    "$x^2",
    "[red]",
    "\x1b[2J",
    "é" * 200,
)


def invalid(name: str) -> Mutation:
    """Return a mutation after which no reader may accept the file."""
    return INVALID[name]


def _empty(file: Path, rng: Random) -> None:
    file.write_bytes(b"")


def _nuls(file: Path, rng: Random) -> None:
    file.write_bytes(bytes(len(file.read_bytes())))


def _utf16(file: Path, rng: Random) -> None:
    file.write_bytes(file.read_bytes().decode("latin-1").encode("utf-16"))


def _not_utf8(file: Path, rng: Random) -> None:
    file.write_bytes(b"\xff\xfe\xfa" + file.read_bytes()[1:-1])


def _folder(file: Path, rng: Random) -> None:
    file.unlink()
    file.mkdir()


def _missing(file: Path, rng: Random) -> None:
    file.unlink()


def _loop(file: Path, rng: Random) -> None:
    file.unlink()
    file.symlink_to(file.name)


def _fifo(file: Path, rng: Random) -> None:
    file.unlink()
    os.mkfifo(file)


def _endless(file: Path, rng: Random) -> None:
    file.unlink()
    file.symlink_to("/dev/zero")


def _unreadable(file: Path, rng: Random) -> None:
    file.chmod(0)


def _nested(file: Path, rng: Random) -> None:
    file.write_bytes(b"[" * 200_000)


def _nested_objects(file: Path, rng: Random) -> None:
    file.write_bytes(b'{"a":' * 100_000 + b"1" + b"}" * 100_000)


def _cut(file: Path, rng: Random) -> None:
    content = file.read_bytes()
    file.write_bytes(content[: rng.randrange(len(content))])


def _flip(file: Path, rng: Random) -> None:
    content = bytearray(file.read_bytes())
    for _ in range(rng.choice((1, 1, 3, 20))):
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    file.write_bytes(bytes(content))


def _insert(file: Path, rng: Random) -> None:
    content = file.read_bytes()
    place = rng.randrange(len(content) + 1)
    token = rng.choice((*NUMBERS, *TOKENS, "\0", "\r", '"', ",", "\t", "\n")).encode()
    file.write_bytes(content[:place] + token + content[place:])


def _replace_number(file: Path, rng: Random) -> None:
    _replace(file, rng, b"0123456789.", NUMBERS)


def _replace_word(file: Path, rng: Random) -> None:
    _replace(file, rng, b"abcdefghijklmnopqrstuvwxyz_", (*NUMBERS, *TOKENS))


def _replace(file: Path, rng: Random, characters: bytes, values: tuple[str, ...]) -> None:
    """Replace a run of these characters by one of the values."""
    content = file.read_bytes()
    places = [i for i, byte in enumerate(content) if byte in characters]
    if not places:
        return
    start = end = rng.choice(places)
    while start > 0 and content[start - 1] in characters:
        start -= 1
    while end < len(content) and content[end] in characters:
        end += 1
    file.write_bytes(content[:start] + rng.choice(values).encode() + content[end:])


def _repeat(file: Path, rng: Random) -> None:
    content = file.read_bytes()
    start = rng.randrange(len(content))
    end = min(len(content), start + rng.choice((1, 10, 1000)))
    file.write_bytes(content[:end] + content[start:end] * rng.choice((1, 50)) + content[end:])


def _long_word(file: Path, rng: Random) -> None:
    content = file.read_bytes()
    place = rng.randrange(len(content) + 1)
    word = rng.choice((b"'", b"(", b"a", b".", b"9", b"-")) * 20_000
    file.write_bytes(content[:place] + word + content[place:])


def swap(file: Path, rng: Random) -> None:
    """Put another sample in place of the file."""
    samples = file.parent
    while not (samples / "recipes.jsonl").is_file():
        samples = samples.parent
    others = sorted(path for path in samples.rglob("*") if path.is_file() and path != file)
    shutil.copyfile(rng.choice(others), file)


INVALID: dict[str, Mutation] = {
    "empty": _empty,
    "nuls": _nuls,
    "utf16": _utf16,
    "not_utf8": _not_utf8,
    "folder": _folder,
    "missing": _missing,
    "loop": _loop,
    "fifo": _fifo,
    "endless": _endless,
    "nested": _nested,
    "nested_objects": _nested_objects,
}
if os.geteuid() != 0:  # root reads everything
    INVALID["unreadable"] = _unreadable
DAMAGES: dict[str, Mutation] = {
    "cut": _cut,
    "flip": _flip,
    "insert": _insert,
    "replace_number": _replace_number,
    "replace_word": _replace_word,
    "repeat": _repeat,
    "long_word": _long_word,
    "swap": swap,
}
