"""Sets of the library `datasets`, which is mocked: no test needs a network."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.data.sentences.labelled_set import Sentence
from nni_nlp_bench.data.sentences.preparation import prepare_labelled
from nni_nlp_bench.data.sentences.sets import load_labelled_set


class Split(dict[str, list[Any]]):
    """Columns by name, with the names of the labels where they are numbered."""

    def __init__(self, names: list[str] | None = None, **columns: list[Any]) -> None:
        super().__init__(columns)
        self.column_names = list(columns)
        self.features = {
            name: SimpleNamespace(names=names) if names and name == "label" else SimpleNamespace()
            for name in columns
        }


def train(names: list[str] | None = None) -> Split:
    return Split(names, text=[f"So good, {i}!" for i in range(40)], label=[0, 1] * 20)


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[Any, dict[str, Split]]], None]:
    def play(known: dict[Any, dict[str, Split]]) -> None:
        def load(name: str, config: str | None) -> dict[str, Split]:
            if (name, config) not in known:
                raise FileNotFoundError(f"Data set '{name}'\ndoes not exist")
            return known[name, config]

        module = ModuleType("datasets")
        module.load_dataset = load  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "datasets", module)

    return play


def test_numbered_labels_have_names_and_dev_is_a_tenth_of_train(library: Any) -> None:
    names = ["World", "Arts"]
    test = Split(names, text=["It isn't."], label=[1])
    library({("ag_news", None): {"train": train(names), "test": test}})
    found = load_labelled_set("datasets:ag_news")
    assert (found.name, found.labels) == ("datasets:ag_news", ("Arts", "World"))
    assert found.test == (Sentence(("it", "is", "n't", "."), 0),)
    assert len(found.train) + len(found.dev) == 40
    assert 0 < len(found.dev) < 15
    assert load_labelled_set("datasets:ag_news") == found


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("owner/set", ("owner/set", None)),
        ("set/part", ("set", "part")),
        ("owner/set/part", ("owner/set", "part")),
    ],
)
def test_owners_and_configurations(library: Any, name: str, key: tuple[str, str | None]) -> None:
    dev = Split(sentence=["x"], label=[1])
    test = Split(sentence=["y"], label=[0])
    library({key: {"train": train(), "validation": dev, "test": test}})
    found = load_labelled_set(f"datasets:{name}")
    assert (len(found.train), found.dev, found.labels) == (40, (Sentence(("x",), 1),), ("0", "1"))


def test_a_set_that_has_only_train_is_split_as_a_file(library: Any) -> None:
    library({("mine", None): {"train": train(["World", "Arts"])}})
    found = prepare_labelled("datasets:mine")
    assert [len(part) for part in found.data.parts().values()] == [32, 4, 4]
    assert found.report.seed == 0
    with pytest.raises(UserError, match="datasets:mine, train: no column 'body' among 'text', "):
        prepare_labelled("datasets:mine", text="body")


def test_rows_without_text_are_left_out_and_counted(library: Any) -> None:
    test = Split(text=["x", None, ""], label=[1, 0, 1])
    library({("mine", None): {"train": train(), "validation": train(), "test": test}})
    report = prepare_labelled("datasets:mine").report
    assert (report.skipped, report.counts["test"]) == (2, {"0": 0, "1": 1})


@pytest.mark.parametrize(
    ("parts", "fault"),
    [
        (None, "datasets:a/b cannot be downloaded: Data set 'a' does not exist"),
        (
            {"train": train(), "validation": train()},
            "datasets:a/b has no split 'test', only train, validation",
        ),
        (
            {"train": train(), "test": Split(text=["x"], label=[-1])},
            "datasets:a/b, test:1: the label '-1' is not among those of train",
        ),
        (
            {"train": Split(document=["x"], label=[1]), "test": train()},
            "datasets:a/b, train: no text column among 'document', 'label'; name",
        ),
        (
            {"train": train(), "test": Split(text=["x", 5], label=[1, 0])},
            "datasets:a/b, test:2: the text must be a string, got '5'",
        ),
    ],
)
def test_what_goes_wrong(library: Any, parts: dict[str, Split] | None, fault: str) -> None:
    library({} if parts is None else {("a/b", None): parts})
    with pytest.raises(UserError) as caught:
        load_labelled_set("datasets:a/b")
    assert str(caught.value).startswith(fault)
    assert "\n" not in str(caught.value)


def test_without_the_library_the_error_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(UserError, match=r"datasets:ag_news needs the library datasets and a netw"):
        load_labelled_set("datasets:ag_news")
