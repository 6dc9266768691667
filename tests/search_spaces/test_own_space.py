"""The space of docs/own_space.md: its code runs, and the space passes the contract."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from search_spaces.base import UnsupportedError
from search_spaces.registry import SPACES
from search_spaces.testing import SpaceContract

PAGE = Path(__file__).parents[2] / "docs/own_space.md"
LONGEST = 60
"""Lines of a complete space."""


def code_blocks() -> list[str]:
    return re.findall(r"^```python\n(.*?)^```$", PAGE.read_text("utf-8"), re.M | re.S)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """All code of the page as one module."""
    file = tmp_path_factory.mktemp("page") / "own_space.py"
    file.write_text("\n\n".join(code_blocks()), "utf-8")
    spec = importlib.util.spec_from_file_location("own_space", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "own_space", module)
        patch.setattr(SPACES, "_loaders", None)
        spec.loader.exec_module(module)
        yield module


class TestOwnSpace(SpaceContract):
    @pytest.fixture
    def space(self, page: Any) -> Any:
        return page.StackSpace()


def test_a_complete_space_is_short() -> None:
    assert len(code_blocks()[0].splitlines()) <= LONGEST


def test_the_page_shows_the_contract(page: Any) -> None:
    assert issubclass(page.TestStackSpace, SpaceContract)


def test_the_search_finds_the_best_stack(page: Any) -> None:
    best = min(page.StackBenchmark().query(stack).val_loss for stack in every_stack(page))
    assert page.result.best_loss == best
    assert len(page.result.trials) == 60


def test_the_comparison_has_all_searches(page: Any) -> None:
    assert len(page.comparison.results) == 2 * 3
    assert set(page.comparison.ranking().index) == {"random", "local_search"}


def test_equal_stacks_are_one_architecture(page: Any) -> None:
    first, second = (
        page.Stack(ops, "relu")
        for ops in (("conv3", "skip", "mixer", "skip"), ("skip", "skip", "conv3", "mixer"))
    )
    assert first == second
    assert first.canonical_key == second.canonical_key
    assert len(set(every_stack(page))) == 2 * (3**4 + 3**3 + 3**2 + 3 + 1)


def test_edits_of_choices(page: Any) -> None:
    stack = page.Stack(("conv3", "mixer", "skip", "skip"), "relu")
    others = {
        (*ops, activation)
        for ops, activation in (
            (("conv5", "mixer", "skip", "skip"), "relu"),
            (("mixer", "mixer", "skip", "skip"), "relu"),
            (("mixer", "skip", "skip", "skip"), "relu"),
            (("conv3", "conv3", "skip", "skip"), "relu"),
            (("conv3", "conv5", "skip", "skip"), "relu"),
            (("conv3", "skip", "skip", "skip"), "relu"),
            (("conv3", "mixer", "conv3", "skip"), "relu"),
            (("conv3", "mixer", "conv5", "skip"), "relu"),
            (("conv3", "mixer", "mixer", "skip"), "relu"),
            (("conv3", "mixer", "skip", "skip"), "gelu"),
        )
    }
    found = [(*other.ops, other.activation) for other in page.StackSpace().neighbours(stack)]
    assert len(found) == len(others)
    assert set(found) == others


def test_what_it_lacks_is_named(page: Any, tmp_path: Path) -> None:
    space = page.StackSpace()
    stack = page.Stack(("conv3",) * 4, "relu")
    with pytest.raises(UnsupportedError, match="space stack has no networks"):
        space.network(stack, {})
    with pytest.raises(UnsupportedError, match="space stack draws no pictures"):
        space.draw(stack, tmp_path / "stack.png")


def every_stack(page: Any) -> list[Any]:
    choices = page.StackChoices()
    labels = list(choices.categoricals)
    samples: list[dict[str, str]] = [{}]
    for label in labels:
        samples = [{**s, label: value} for s in samples for value in choices.categoricals[label]]
    return [choices.from_sample(sample) for sample in samples]
