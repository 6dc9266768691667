"""`list`: list the registered components."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import typer

from nni_nlp_bench.cli import options
from nni_nlp_bench.cli.output import echo, plain_table, print_json, print_tables
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.extras import MissingExtraError, optional_imports

Rows = list[dict[str, Any]]


def list_components(
    kind: Annotated[
        str | None,
        typer.Argument(
            help="spaces, benchmarks, strategies, baselines, one-shot, scores, corpora, sentences "
            "or distillation-losses (default: all)."
        ),
    ] = None,
    json: options.Json = False,
) -> None:
    """List search spaces, benchmarks, strategies with their options, scores or data."""

    if kind is not None and kind not in _KINDS:
        raise UserError(f"unknown kind {kind!r}; known: {', '.join(_KINDS)}")
    missing: dict[str, str] = {}
    found = {}
    for name in _KINDS if kind is None else [kind]:
        try:
            with optional_imports():
                found[name] = _KINDS[name][1]()
        except MissingExtraError as error:
            if kind is not None:
                raise
            missing[name] = str(error)
    if json:
        print_json(
            {name.replace("-", "_"): rows for name, rows in found.items()} | _missing_entry(missing)
        )
        return
    _print(found, missing)


def _missing_entry(missing: dict[str, str]) -> dict[str, Any]:
    return {"missing": missing} if missing else {}


def _print(found: dict[str, Rows], missing: dict[str, str]) -> None:

    tables = []
    for name, rows in found.items():
        columns = [key for key in (rows[0] if rows else ()) if key != "citation"]
        cells = [[_text(row[column]) for column in columns] for row in rows]
        tables.append(plain_table(_KINDS[name][0], [c.replace("_", " ") for c in columns], cells))
    print_tables(*tables)
    for name, error in missing.items():
        echo(f"not listed: {name}: {error}")


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{name}={_short(item)}" for name, item in value.items())
    return ", ".join(value) if isinstance(value, list) else str(value)


def _short(value: Any) -> str:
    """Return a default; fractions such as 1/3 with three digits."""
    return f"{value:.3g}" if isinstance(value, float) else repr(value)


def _spaces() -> Rows:
    from search_spaces.registry import SPACES

    return [_row(name, space) for name, space in SPACES.items()]


def _benchmarks() -> Rows:
    from nni_nlp_bench.benchmarks.catalogue import BENCHMARKS

    return [
        {
            "name": entry.name,
            "space": entry.space,
            "downloaded": entry.is_downloaded,
            "licence": entry.licence,
            "description": entry.description,
            "citation": entry.citation,
        }
        for _, entry in BENCHMARKS.items()
    ]


def _strategies() -> Rows:
    from nni_nlp_bench.strategies.registry import STRATEGIES

    return [
        {**_row(name, strategy), "options": strategy.options()}
        for name, strategy in STRATEGIES.items()
    ]


def _baselines() -> Rows:
    from nni_nlp_bench.strategies.configs import PAPER

    return [{"name": config.name, "strategy": config.describe()} for config in PAPER]


def _one_shot() -> Rows:
    from nni_nlp_bench.one_shot.registry import ONE_SHOT_STRATEGIES, spaces_of

    return [
        {"name": name, "spaces": spaces_of(name), **_row(name, strategy)}
        for name, strategy in ONE_SHOT_STRATEGIES.items()
    ]


def _scores() -> Rows:
    from nni_nlp_bench.zero_cost.registry import SCORES_OF

    better = {True: "higher", False: "lower"}
    return [
        {**_row(name, score), "space": space, "better": better[score.higher_is_better]}
        for space, scores in SCORES_OF.items()
        for name, score in scores.items()
    ]


def _corpora() -> Rows:
    from nni_nlp_bench.data.corpora import CORPORA

    return [{"name": name, "description": entry.description} for name, entry in CORPORA.items()]


def _sentences() -> Rows:
    from nni_nlp_bench.data.sentences.sets import LABELLED_SETS

    return [
        {"name": name, "description": entry.description} for name, entry in LABELLED_SETS.items()
    ]


def _losses() -> Rows:
    from nni_nlp_bench.distillation.losses.registry import LOSSES

    return [{"name": name, "description": LOSSES.describe(name)} for name in LOSSES]


def _row(name: str, component: Any) -> dict[str, str]:
    return {"name": name, "description": (component.__doc__ or "").partition("\n")[0]}


_KINDS: dict[str, tuple[str, Callable[[], Rows]]] = {
    "spaces": ("Search spaces", _spaces),
    "benchmarks": ("Benchmarks", _benchmarks),
    "strategies": ("Strategies", _strategies),
    "baselines": ("Baselines of `study`, in addition to the strategies", _baselines),
    "one-shot": ("One-shot strategies", _one_shot),
    "scores": ("Zero-cost scores", _scores),
    "corpora": ("Corpora", _corpora),
    "sentences": ("Labelled sentences", _sentences),
    "distillation-losses": ("Distillation losses", _losses),
}
