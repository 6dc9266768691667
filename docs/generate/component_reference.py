"""Lists of the components: pages made of the registries and the docstrings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from markdown_parts import arguments, description, first_line, module_purpose, table

from nni_nlp_bench.data.corpora import CORPORA
from nni_nlp_bench.data.sentences.sets import LABELLED_SETS
from nni_nlp_bench.distillation.losses.registry import LOSSES
from nni_nlp_bench.one_shot.registry import ONE_SHOT_STRATEGIES, spaces_of
from nni_nlp_bench.strategies.registry import STRATEGIES
from nni_nlp_bench.zero_cost.registry import DEFAULT_SCORES, SCORES_OF
from search_spaces.registry import SPACES

HERE = "reference/components"
INDEX = """
# Components

What can be named in Python, on the command line and in NNI's files. `nni-nlp-bench list` prints
the same of your installation, with the components of other packages.

- [Search spaces](spaces.md): `nb.get_space(NAME)`, `--space NAME`
- [Strategies](strategies.md): `nb.search(benchmark, NAME)`, `--strategy NAME`
- [One-shot strategies](one_shot.md): `nb.one_shot_search(space, NAME)`, `one-shot --strategy NAME`
- [Zero-cost scores](scores.md): `nb.score(architectures, [NAME])`, `score --scores NAME`
- [Distillation losses](losses.md): `--kd-loss NAME`
- [Corpora and labelled sets](data.md): `--corpus NAME`, `--data NAME`
- [Benchmarks](../../benchmarks/index.md): `nb.load(NAME)`, `--benchmark NAME`
"""


def component_pages() -> Iterator[tuple[str, str]]:
    """Yield path and Markdown text of each page."""
    yield f"{HERE}/index.md", INDEX
    yield f"{HERE}/spaces.md", "\n".join(_spaces())
    yield f"{HERE}/strategies.md", "\n".join(_strategies())
    yield f"{HERE}/one_shot.md", "\n".join(_one_shot())
    yield f"{HERE}/scores.md", "\n".join(_scores())
    yield f"{HERE}/losses.md", "\n".join(_losses())
    yield f"{HERE}/data.md", "\n".join(_data())


def _spaces() -> Iterator[str]:
    yield "# Search spaces\n"
    for name, space in SPACES.items():
        yield f"## {name} {{ #{name} }}\n\n{module_purpose(space)} {description(space)}\n"
        yield from table(["option", "meaning"], _in_code(arguments(space).items()))


def _strategies() -> Iterator[str]:
    yield "# Strategies\n"
    yield "Options are given as `NAME(option=value)`. Objectives: how many a strategy can have.\n"
    rows = (
        (f"[`{name}`](#{_anchor(name)})", module_purpose(strategy), _objectives(strategy))
        for name, strategy in STRATEGIES.items()
    )
    yield from table(["name", "method", "objectives"], rows)
    for name, strategy in STRATEGIES.items():
        yield f"## {name} {{ #{_anchor(name)} }}\n\n{description(strategy)}\n"
        meanings = arguments(strategy)
        options = [
            (f"`{o}`", f"`{v!r}`", meanings.get(o, "")) for o, v in strategy.options().items()
        ]
        yield from table(["option", "default", "meaning"], options)


def _objectives(strategy: Any) -> str:
    low, high = strategy.objective_counts
    return f"{low} or more" if high is None else " to ".join(map(str, dict.fromkeys((low, high))))


def _one_shot() -> Iterator[str]:
    yield "# One-shot strategies\n"
    rows = (
        (f"`{name}`", first_line(strategy), ", ".join(f"`{s}`" for s in spaces_of(name)),
         "samples" if strategy.samples else "one mixture", strategy.min_epochs)
        for name, strategy in ONE_SHOT_STRATEGIES.items()
    )  # fmt: skip
    yield from table(["name", "method", "spaces", "proposes", "epochs, at least"], rows)


def _scores() -> Iterator[str]:
    yield "# Zero-cost scores\n"
    for space, scores in SCORES_OF.items():
        yield f"## Scores of {space} {{ #{space} }}\n"
        default = DEFAULT_SCORES.get(space)
        ranked = f"`{default}`" if default else "the number of parameters"
        yield f"Strategies that rank their first architectures use {ranked}.\n"
        rows = (
            (f"`{name}`", description(score), "higher" if score.higher_is_better else "lower")
            for name, score in scores.items()
        )
        yield from table(["name", "definition", "better"], rows)


def _losses() -> Iterator[str]:
    yield "# Distillation losses\n\nLower is better for all of them.\n"
    yield from table(["name", "definition"], ((f"`{n}`", LOSSES.describe(n)) for n in LOSSES))


def _data() -> Iterator[str]:
    yield "# Corpora and labelled sets\n"
    for title, registry in (("Corpora", CORPORA), ("Labelled sets", LABELLED_SETS)):
        yield f"## {title}\n"
        rows = ((f"`{name}`", entry.description) for name, entry in registry.items())
        yield from table(["name", "description"], rows)


def _in_code(rows: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    return ((f"`{name}`", meaning) for name, meaning in rows)


def _anchor(name: str) -> str:
    return name.replace(":", "-")
