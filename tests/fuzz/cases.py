"""Cases of the fuzz test: one call of a command with one or two bad inputs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

import commands
from commands import CALLS, Call, Parameter
from mutations import DAMAGES, INVALID

LISTED = "nni-experiments/.experiment"


@dataclass(frozen=True)
class Case:
    """One call with bad inputs."""

    seed: int
    number: int
    arguments: tuple[str, ...]
    must_fail: bool
    damage: tuple[str, str] | None
    """File below `in`, and what is done to it."""

    def describe(self) -> str:
        """Return the call and the damage in one line."""
        shown = " ".join(
            repr(word[:60])
            if not word.isascii() or len(word) > 60 or not word.isprintable()
            else word or "''"
            for word in self.arguments
        )
        return shown if self.damage is None else f"{shown}  # {self.damage[1]} {self.damage[0]}"

    def prepare(self, samples: Path, folder: Path) -> None:
        """Copy the samples into the folder, and damage one."""
        shutil.copytree(samples, folder / "in", symlinks=True)
        if self.damage is not None:
            name, kind = self.damage
            mutation = {**INVALID, **DAMAGES}[kind]
            mutation(folder / "in" / name, Random(f"{self.seed}:{self.number}:damage"))
        home = folder.parent / "home"
        (home / "nni-experiments").mkdir(parents=True)
        listed = folder / "in" / "experiments.json"
        if self._lists and os.path.lexists(listed):
            listed.rename(home / LISTED)

    @property
    def _lists(self) -> bool:
        return bool({"abcd1234", "status"} & set(self.arguments))


def make_case(seed: int, number: int) -> Case:
    """Return the case of that number, the same in every run."""
    rng = Random(f"{seed}:{number}")
    call = rng.choices(CALLS, [call.weight for call in CALLS])[0]
    damages_file = bool(call.files) and rng.random() < 0.6
    if damages_file:
        file, damage = rng.choice(call.files), rng.choice(_damages(call))
        must_fail = call.only_invalid or (damage in INVALID and not call.container)
        return Case(seed, number, (*call.words, *call.arguments), must_fail, (file, damage))
    arguments, must_fail = _bad_option(call, rng)
    return Case(seed, number, (*call.words, *arguments), must_fail, None)


def _damages(call: Call) -> Sequence[str]:
    if call.files[0].startswith("corpus"):  # any UTF-8 text is a corpus
        return [name for name in (*INVALID, *DAMAGES) if not name.startswith("nested")]
    if call.only_invalid and call.words != ("experiment", "up"):
        return tuple(INVALID)
    return (*INVALID, *DAMAGES, *DAMAGES)


def _bad_option(call: Call, rng: Random) -> tuple[tuple[str, ...], bool]:
    choices = [(p, value, True) for p in _parameters(call.words) for value in p.invalid_values()]
    odd = [
        (p, value, False)
        for p in _parameters(call.words)
        if not p.invalid_values()
        for value in p.odd_values()
    ]
    if not call.only_invalid or call.words == ("experiment", "up"):
        choices = odd if odd and (not choices or rng.random() < 0.6) else choices
    if not choices:
        return (*call.arguments, "--nonsense"), True
    parameter, value, must_fail = rng.choice(choices)
    return _with(call.arguments, parameter, value), must_fail or call.only_invalid


@cache
def _parameters(words: tuple[str, ...]) -> Sequence[Parameter]:
    return commands.parameters_of(words)


def _with(arguments: tuple[str, ...], parameter: Parameter, value: str) -> tuple[str, ...]:
    """Replace, or add, the value of a parameter."""
    found = list(arguments)
    if parameter.flag is None:
        return (value, *found[1:])
    if parameter.flag in found:
        found[found.index(parameter.flag) + 1] = value
        return tuple(found)
    return (*found, parameter.flag, value)
