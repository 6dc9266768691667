"""`list`: what there is, by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nni_nlp_bench.cli import options
from search_spaces.extras import MissingExtraError, optional_imports


def list_parts(json: options.Json = False) -> None:
    """List search spaces, benchmarks, strategies, methods, data, scores and distillation losses."""
    from nni_nlp_bench.cli.output import plain_table, print_json, print_tables

    spaces, benchmarks, strategies = _spaces(), _benchmarks(), _strategies()
    methods, one_shot, corpora, labelled = _methods(), _one_shot(), _corpora(), _labelled_sets()
    missing: dict[str, str] = {}
    scores = _installed("scores", _scores, missing)
    losses = _installed("distillation_losses", _losses, missing)
    if json:
        parts = {"spaces": spaces, "benchmarks": benchmarks, "strategies": strategies}
        data = {"corpora": corpora, "labelled_sets": labelled}
        measures = {"scores": scores, "distillation_losses": losses}
        others = {"methods": methods, "one_shot": one_shot, "missing": missing}
        print_json({**parts, **others, **data, **measures})
        return
    results = [
        [b["name"], "yes" if b["at_hand"] else "no", b["licence"], b["description"]]
        for b in benchmarks
    ]
    print_tables(
        plain_table(
            "Search spaces", ("name", "description"), [[*space.values()] for space in spaces]
        ),
        plain_table("Benchmarks", ("name", "at hand", "licence", "description"), results),
        plain_table("Strategies", ("name", "description"), [[*s.values()] for s in strategies]),
        plain_table(
            "Methods of `study`, beside the strategies",
            ("name", "strategy and options"),
            [[*method.values()] for method in methods],
        ),
        plain_table(
            "One-shot strategies, with --corpus or --data",
            ("name", "spaces", "description"),
            [[s["name"], ", ".join(s["spaces"]), s["description"]] for s in one_shot],
        ),
        plain_table("Corpora", ("name", "description"), [[*c.values()] for c in corpora]),
        plain_table(
            "Labelled sentences, with --data",
            ("name", "description"),
            [[*s.values()] for s in labelled],
        ),
        plain_table(
            "Training-free scores",
            ("name", "space", "better", "description"),
            [[s["name"], s["space"], s["better"], s["description"]] for s in scores],
        ),
        plain_table(
            "What is learned from a teacher, with --teacher and --lesson",
            ("name", "description"),
            [[*loss.values()] for loss in losses],
        ),
    )
    for part, error in missing.items():
        print(f"not listed: {part.replace('_', ' ')}: {error}")


def _installed(
    part: str, read: Callable[[], list[dict[str, str]]], missing: dict[str, str]
) -> list[dict[str, str]]:
    """The entries that `read` gives; without the library they need, the reason in `missing`."""
    try:
        with optional_imports():
            return read()
    except MissingExtraError as error:
        missing[part] = str(error)
        return []


def _spaces() -> list[dict[str, str]]:
    from search_spaces.base import SPACES

    return [_named(name, SPACES.get(name)) for name in SPACES]


def _strategies() -> list[dict[str, str]]:
    from nni_nlp_bench.strategies.registry import STRATEGIES

    return [_named(name, STRATEGIES.get(name)) for name in STRATEGIES]


def _methods() -> list[dict[str, str]]:
    from nni_nlp_bench.strategies.methods import PAPER

    return [{"name": method.name, "description": str(method)} for method in PAPER]


def _one_shot() -> list[dict[str, Any]]:
    from nni_nlp_bench.training.one_shot.settings import SPACES, STRATEGIES

    return [
        {
            "name": name,
            "spaces": [space for space, strategies in SPACES.items() if name in strategies],
            "description": text,
        }
        for name, text in STRATEGIES.items()
    ]


def _corpora() -> list[dict[str, str]]:
    from nni_nlp_bench.data.corpora import CORPORA

    return [{"name": name, "description": CORPORA.get(name).description} for name in CORPORA]


def _labelled_sets() -> list[dict[str, str]]:
    from nni_nlp_bench.data.sentences.sets import LABELLED_SETS as SETS

    return [{"name": name, "description": SETS.get(name).description} for name in SETS]


def _scores() -> list[dict[str, str]]:
    from nni_nlp_bench.scores.task import SCORES_OF

    better = {True: "higher", False: "lower"}
    return [
        {**_named(name, score), "space": space, "better": better[score.higher_is_better]}
        for space, scores in SCORES_OF.items()
        for name, score in ((name, scores.get(name)) for name in scores)
    ]


def _losses() -> list[dict[str, str]]:
    from nni_nlp_bench.distillation.knowledge import LOSSES

    return [_named(name, LOSSES.get(name)) for name in LOSSES]


def _named(name: str, part: Any) -> dict[str, str]:
    return {"name": name, "description": (part.__doc__ or "").partition("\n")[0]}


def _benchmarks() -> list[dict[str, Any]]:
    from nni_nlp_bench.benchmarks.catalogue import BENCHMARKS

    entries = [BENCHMARKS.get(name) for name in BENCHMARKS]
    return [
        {
            "name": entry.name,
            "space": entry.space,
            "at_hand": entry.at_hand,
            "licence": entry.licence,
            "description": entry.description,
            "citation": entry.citation,
        }
        for entry in entries
    ]
