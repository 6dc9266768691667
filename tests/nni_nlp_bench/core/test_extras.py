"""Missing optional libraries."""

from __future__ import annotations

import sys

import pytest

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.extras import EXTRAS, MissingExtraError, optional_imports
from nni_nlp_bench.core.registry import Registry


def test_a_missing_library_names_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    message = r"pip install 'nni-nlp-bench\[parallel\]'"
    with pytest.raises(MissingExtraError, match=message) as info, optional_imports():
        import distributed.client  # noqa: F401
    assert isinstance(info.value, UserError)
    assert isinstance(info.value, ImportError)


def test_decorated_functions_too(monkeypatch: pytest.MonkeyPatch) -> None:
    @optional_imports()
    def use() -> None:
        import ot  # noqa: F401

    monkeypatch.setitem(sys.modules, "ot", None)
    with pytest.raises(MissingExtraError, match="distillation"):
        use()


def test_other_missing_modules_are_errors_of_their_own() -> None:
    with pytest.raises(ModuleNotFoundError, match="no_such_module"), optional_imports():
        import no_such_module  # noqa: F401


def test_a_registered_part_whose_library_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib.metadata import EntryPoint

    entry = EntryPoint("part", "transformers.missing:Part", "group")
    monkeypatch.setitem(sys.modules, "transformers", None)
    monkeypatch.setattr("nni_nlp_bench.core.registry.entry_points", lambda group: [entry])
    parts: Registry[object] = Registry("part", "group")
    with pytest.raises(MissingExtraError, match="distillation"):
        parts.get("part")


def test_every_extra_is_declared() -> None:
    from importlib.metadata import metadata

    declared = set(metadata("nni-nlp-bench").get_all("Provides-Extra"))
    assert set(EXTRAS.values()) <= declared
