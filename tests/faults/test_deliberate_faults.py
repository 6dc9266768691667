"""The list of deliberate faults fits the sources and the tests, so that it can be run any time."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))
from deliberate_faults import FAULTS, Fault

ROOT = Path(__file__).parents[2]
each_fault = pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)


def marks(statements: list[ast.stmt]) -> str:
    """The source of the marks that statements set for all tests beside them."""
    assigned = [node for node in statements if isinstance(node, ast.Assign)]
    return "\n".join(ast.unparse(node) for node in assigned if "pytestmark" in ast.unparse(node))


def is_slow(test: str) -> bool:
    """Whether a test is marked as slow. Raises StopIteration where it does not exist."""
    file, *names = test.split("::")
    here: ast.Module | ast.stmt = ast.parse((ROOT / file).read_text("utf-8"))
    found = [marks(here.body)] if isinstance(here, ast.Module) else []
    for name in names:
        assert isinstance(here, ast.Module | ast.ClassDef)
        here = next(node for node in here.body if getattr(node, "name", None) == name)
        assert isinstance(here, ast.ClassDef | ast.FunctionDef)
        found += [ast.unparse(decorator) for decorator in here.decorator_list]
    return any("pytest.mark.slow" in text for text in found)


@each_fault
def test_the_fault_can_be_made(fault: Fault) -> None:
    text = (ROOT / fault.file).read_text("utf-8")
    assert text.count(fault.before) == 1
    ast.parse(text.replace(fault.before, fault.after))


@each_fault
def test_its_test_is_there_and_in_the_tier_that_is_said(fault: Fault) -> None:
    assert is_slow(fault.test) == (fault.tier == "slow")


def test_there_are_some_over_all_packages() -> None:
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) >= 25
    parts = {"/".join(fault.file.split("/")[:2]) for fault in FAULTS}
    packages = {f"nni_nlp_bench/{p.parent.name}" for p in ROOT.glob("nni_nlp_bench/*/__init__.py")}
    spaces = {f"search_spaces/{p.parent.name}" for p in ROOT.glob("search_spaces/*/__init__.py")}
    assert packages | spaces <= parts | {"nni_nlp_bench/examples"}
    assert sum(fault.tier == "quick" for fault in FAULTS) >= 20


def test_the_page_lists_them() -> None:
    page = (ROOT / "docs/testing.md").read_text("utf-8")
    rows = re.findall(r"^\| (.+?) \| `(.+?)` \| `(.+?)` \| (\w+) \| yes \|$", page, re.MULTILINE)
    assert rows == [(f.what, f.file, f.test.removeprefix("tests/"), f.tier) for f in FAULTS]
