"""The forms in which TextNAS' release and NNI write an architecture."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from search_spaces.textnas.architecture import (
    MAX_JSON_CHARACTERS,
    OPS,
    WINDOW,
    Arc,
    ArcError,
    Layer,
    load_json,
)

_SHOWN_CHARACTERS = 40


def from_arc_text(text: str) -> Arc:
    """Read the release's text: of every layer distance, number of the op, a bit for each skip.

    Layers are parted by `|` or new lines, or by nothing but their lengths. Raises ArcError.
    """
    if len(text) > MAX_JSON_CHARACTERS:
        raise ArcError(f"an arc text has at most {MAX_JSON_CHARACTERS:,} characters")
    lines = [line.split() for line in re.split(r"[|\n]", text) if line.strip()]
    if len(lines) == 1:
        lines = _by_length(lines[0])
    return Arc(tuple(_read_line(number, line) for number, line in enumerate(lines)))


def to_arc_text(arc: Arc, separator: str = " | ") -> str:
    """Return the release's text; it reads all in one line with " " as separator.

    Raises ArcError for a distance that the format cannot represent.
    """
    lines = []
    for number, layer in enumerate(arc.layers):
        _check_distance(number, layer.distance)
        bits = [int(earlier in layer.skips) for earlier in range(number)]
        lines.append(" ".join(map(str, [layer.distance, OPS.index(layer.op), *bits])))
    return separator.join(lines)


def from_nni_json(text: str) -> Arc:
    """Read the JSON that NNI's example of TextNAS exports. Raises ArcError."""
    value = load_json(text)
    layers = []
    for number in range((len(value) + 4) // 3):  # a key that is missing is then named
        input_key, op_key, skip_key = _keys(number)
        op = OPS[_the_true_one(value, number, op_key, len(OPS))]
        if number == 0:
            layers.append(Layer(0, op))
            continue
        window = min(number, WINDOW)
        distance = window - 1 - _the_true_one(value, number, input_key, window)
        bits = _booleans(value, number, skip_key, number)
        layers.append(Layer(distance, op, tuple(i for i, bit in enumerate(bits) if bit)))
    return Arc(tuple(layers))


def to_nni_json(arc: Arc) -> str:
    """Return the JSON of NNI's example of TextNAS. Raises ArcError for an input too far back."""
    value: dict[str, list[bool]] = {}
    for number, layer in enumerate(arc.layers):
        input_key, op_key, skip_key = _keys(number)
        source = arc.source(number)
        if source is not None:
            _check_distance(number, number - 1 - source)
            value[input_key] = [i == source for i in range(max(number - WINDOW, 0), number)]
        value[op_key] = [op == layer.op for op in OPS]
        if source is not None:
            value[skip_key] = [earlier in layer.skips for earlier in range(number)]
    return json.dumps(value)


def _check_distance(number: int, distance: int) -> None:
    if distance >= WINDOW:
        have = f"layer {number}: its input is {distance + 1} layers back"
        raise ArcError(f"{have}, this form can say at most {WINDOW}")


def _by_length(numbers: Sequence[str]) -> list[Sequence[str]]:
    """Return the lines of a text without separators: each is one longer than the one before."""
    lines: list[Sequence[str]] = []
    start = 0
    while start < len(numbers):
        end = start + 2 + len(lines)
        lines.append(numbers[start:end])
        start = end
    return lines


def _read_line(number: int, line: Sequence[str]) -> Layer:
    if len(line) != number + 2:
        what = f"needs a distance, an op and {number} skips"
        raise ArcError(f"layer {number}: it {what}: {number + 2} numbers, got {len(line)}")
    distance = _digit(number, "distance", line[0], WINDOW)
    op = OPS[_digit(number, "op", line[1], len(OPS))]
    bits = [_digit(number, "skip", bit, 2) for bit in line[2:]]
    return Layer(distance, op, tuple(i for i, bit in enumerate(bits) if bit))


def _digit(number: int, what: str, text: str, below: int) -> int:
    known = [str(value) for value in range(below)]
    if text not in known:
        got = f"got {text[:_SHOWN_CHARACTERS]!r}"
        raise ArcError(f"layer {number}: the {what} in an arc text is 0 to {below - 1}, {got}")
    return int(text)


def _keys(number: int) -> tuple[str, str, str]:
    """NNI's keys of a layer's input, op and skips. The first layer has only an op."""
    op = max(3 * number, 1)
    return f"InputChoice{op - 1}", f"LayerChoice{op}", f"InputChoice{op + 1}"


def _booleans(value: dict[str, Any], number: int, key: str, length: int) -> list[bool]:
    if key not in value:
        raise ArcError(f"layer {number}: the key {key} is missing")
    found = value[key]
    if not isinstance(found, list) or not all(isinstance(item, bool) for item in found):
        raise ArcError(f"layer {number}: {key} must be a list of true and false")
    if len(found) != length:
        raise ArcError(f"layer {number}: {key} must have {length} items, got {len(found)}")
    return found


def _the_true_one(value: dict[str, Any], number: int, key: str, length: int) -> int:
    found = _booleans(value, number, key, length)
    if found.count(True) != 1:
        raise ArcError(f"layer {number}: {key} must have one true item, got {found.count(True)}")
    return found.index(True)
