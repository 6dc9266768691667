"""Deprecated names work as before, and warn once per calling line."""

from __future__ import annotations

import re
import subprocess
import sys
import warnings
from dataclasses import dataclass
from inspect import signature
from pathlib import Path

import pytest

from nni_nlp_bench.core.deprecation import deprecated, renamed_argument


@deprecated(since="0.2", removed_in="0.4", instead="load()")
def open_table(name: str, *, run: int = 0) -> tuple[str, int]:
    """Open a table."""
    return name, run


@deprecated(since="0.2", removed_in="1.0", instead="Table")
@dataclass(frozen=True)
class OldTable:
    name: str

    @deprecated(since="0.3", removed_in="0.4", instead="OldTable.query()")
    def ask(self) -> str:
        return f"answer of {self.name}"


@renamed_argument("n", "n_seeds", since="0.2", removed_in="0.4")
def compare(name: str, n_seeds: int = 1) -> tuple[str, int]:
    return name, n_seeds


def test_a_deprecated_function_warns_and_works() -> None:
    message = (
        "open_table() is deprecated since nni-nlp-bench 0.2 and will be removed in 0.4: "
        "use load() instead"
    )
    with pytest.warns(FutureWarning) as caught:
        assert open_table("mini", run=2) == ("mini", 2)
    assert [str(warning.message) for warning in caught] == [message]
    assert caught[0].filename == __file__


def test_the_function_keeps_its_signature_and_documentation() -> None:
    assert open_table.__name__ == "open_table"
    assert open_table.__doc__ == "Open a table."
    assert [*signature(open_table).parameters] == ["name", "run"]


def test_a_deprecated_class_warns_and_stays_a_class() -> None:
    with pytest.warns(FutureWarning, match=r"^OldTable\(\) is .* removed in 1\.0: use Table ") as w:
        table = OldTable("mini")
    assert w[0].filename == __file__
    assert isinstance(table, OldTable)
    assert table.name == "mini"
    with pytest.warns(FutureWarning, match=r"^OldTable\.ask\(\) is .* since nni-nlp-bench 0\.3 "):
        assert table.ask() == "answer of mini"


def test_an_argument_is_accepted_under_its_old_name() -> None:
    with pytest.warns(FutureWarning, match=r"^argument 'n' of compare\(\) .* use 'n_seeds' ") as w:
        assert compare("mini", n=3) == ("mini", 3)
    assert len(w) == 1
    assert w[0].filename == __file__


def test_the_new_name_does_not_warn() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert compare("mini", n_seeds=3) == compare("mini", 3) == ("mini", 3)
        assert compare("mini") == ("mini", 1)


def test_both_names_at_once_are_an_error() -> None:
    with pytest.raises(TypeError, match=r"^compare\(\) got 'n_seeds' and its deprecated name 'n'"):
        compare("mini", n=3, n_seeds=4)


def test_python_shows_the_warning_once_per_line(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "from nni_nlp_bench.core.deprecation import deprecated\n"
        "@deprecated(since='0.2', removed_in='0.4', instead='new()')\n"
        "def old(): pass\n"
        "for _ in range(3):\n"
        "    old()\n"
        "old()\n"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    shown = re.findall(r":(\d+): FutureWarning: old\(\) is deprecated", done.stderr)
    assert shown == ["5", "6"]
