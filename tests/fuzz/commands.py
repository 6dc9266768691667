"""Calls of every command with small valid inputs, and the bad values of their options."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import typer
from typer.models import ArgumentInfo, OptionInfo

HUGE = ("18446744073709551616", "9" * 400, "9" * 5000)
NOT_WHOLE = ("", "x", "1.5", "nan", "1e3", "0x10", "--", "\uff11a")
NOT_FLOAT = ("", "x", "nan", "inf", "-inf", "-1", "1e400", "1,5")
NOT_NAMES = ("nonsense", "", " ", "x" * 300, "é" * 150, "~nobody/x", "$x_{", "[red]", "\x1b[2J")
NOT_NAMES += ("\udcff", "{", "{}", "[[[[", "a\nb", "a,b", ",", "..", "a/b/c/d", "a(b=1", "a(", "%s")
DEEP = ("[" * 20_000, '{"a":' * 20_000, "(" * 20_000, "random(" + "-" * 20_000 + "1)", "9" * 5000)


@dataclass(frozen=True)
class Parameter:
    """One parameter of a command."""

    flag: str | None
    """None for an argument."""
    kind: Any
    minimum: float | None
    maximum: float | None

    def invalid_values(self) -> tuple[str, ...]:
        """Return values that the command must refuse."""
        if self.kind is int:
            low = () if self.minimum is None else (str(int(self.minimum) - 1), "-99999999999")
            high = () if self.maximum is None else (str(int(self.maximum) + 1),)
            return (*NOT_WHOLE, *HUGE, *low, *high)
        if self.kind is float:
            return NOT_FLOAT
        return NOT_NAMES[:10] if get_origin(self.kind) is Literal else ()

    def odd_values(self) -> tuple[str, ...]:
        """Return values that the command may refuse, but must survive."""
        writes = self.flag in ("--out",) or (self.kind is Path and self.flag is None)
        return NOT_NAMES if writes else (*NOT_NAMES, *DEEP, ".", "home", "/dev/zero", "/dev/null")


def parameters_of(words: tuple[str, ...]) -> list[Parameter]:
    """Return the parameters of a command of the app."""
    return list(_parameters(dict(commands())[words]))


def commands() -> Iterator[tuple[tuple[str, ...], Any]]:
    """Iterate over the words and the functions of all commands of the app."""
    from nni_nlp_bench.cli.app import app

    yield from _commands(app, ())


def _commands(app: typer.Typer, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for command in app.registered_commands:
        function: Any = command.callback
        yield (*words, command.name or function.__name__.replace("_", "-")), function
    for group in app.registered_groups:
        inner: Any = group.typer_instance
        name = group.name or inner.info.name
        yield from _commands(inner, (*words, str(name)))


def _parameters(function: Any) -> Iterator[Parameter]:
    for name, hint in get_type_hints(function, include_extras=True).items():
        info = next((i for i in get_args(hint) if isinstance(i, OptionInfo | ArgumentInfo)), None)
        if info is None:
            continue
        kind = _without_none(get_args(hint)[0])
        if kind is bool:
            continue
        flags = [flag for flag in info.param_decls or () if flag.startswith("--")]
        flag = flags[0] if flags else f"--{name.replace('_', '-')}"
        is_option = isinstance(info, OptionInfo)
        yield Parameter(flag if is_option else None, kind, info.min, info.max)


def _without_none(kind: Any) -> Any:
    if get_origin(kind) in (Union, UnionType):
        return next(part for part in get_args(kind) if part is not NoneType)
    return kind


@dataclass(frozen=True)
class Call:
    """A call of a command that succeeds, or would if it were complete.

    Attributes:
        words: Words of the command.
        arguments: Its arguments; inputs lie below the folder `in`.
        files: Inputs that a case may damage.
        weight: How often cases use it.
        only_invalid: Whether it is too slow, or has too large effects, to succeed in a case.
        container: Whether a damaged file is skipped with a report rather than refused.
    """

    words: tuple[str, ...]
    arguments: tuple[str, ...]
    files: tuple[str, ...] = ()
    weight: int = 4
    only_invalid: bool = False
    container: bool = False
    home: Mapping[str, str] | None = None


def _call(command: str, arguments: str, files: str = "", **more: Any) -> Call:
    return Call(tuple(command.split()), tuple(arguments.split()), tuple(files.split()), **more)


TABLE = (
    " ".join(
        f"table/{name}" for name in ("metadata.json", "keys.npy", "first_run.npy", "recipes.npy")
    )
    + " table/test_loss.npy table/epochs_done.npy table/statuses.npy table/recipe_ends.npy"
)
SMALL_CELL = "--embedding 4 --hidden 4 --layers 1 --batch-size 5 --bptt 5 --epochs 1"
CLASSIFIER = "--architecture in/textnas.json --width 4 --epochs 1 --batch-size 4 --out out"
SURROGATE = "nas-bench-nlp/ptb-surrogate"

CALLS = (
    *(
        _call("arch show", f"--architecture in/{space}.json --space {space}", f"{space}.json")
        for space in ("rnn_cell", "enas_cell", "textnas", "emd_cell", "encoder", "lts", "asr_cell")
    ),
    _call("arch show", "--architecture in/textnas.json --space textnas --size width=8", weight=8),
    _call("arch draw", "--architecture lstm --out out.svg", weight=2),
    _call("arch check", "--architecture in/rnn_cell.json", "rnn_cell.json"),
    _call("arch sample", "--count 2 --out out.jsonl"),
    _call("list", "spaces", weight=1),
    _call("benchmark info", "in/table", TABLE, weight=20),
    _call("benchmark export", "in/table --format naslib --out out.pickle", TABLE, weight=10),
    _call(
        "benchmark predict", "--recipes in/recipes.jsonl --out out.csv", "recipes.jsonl", weight=6
    ),
    _call("benchmark import", "in/losses.csv --format csv --out out", "losses.csv", weight=12),
    _call("benchmark import", "in/losses.csv.gz --format csv --out out", "losses.csv.gz"),
    _call(
        "benchmark import", "in/bert.json --format nas-bench-bert --out out", "bert.json", weight=8
    ),
    _call(
        "benchmark import",
        "in/nb-asr-e5-1234.pickle --format nas-bench-asr --out out",
        "nb-asr-e5-1234.pickle",
        weight=8,
    ),
    _call("benchmark import", "in/nlp.db --format nni-db --out out", "nlp.db", weight=12),
    _call(
        "benchmark import", "in/nb_nlp.pickle --format naslib --out out", "nb_nlp.pickle", weight=12
    ),
    *(
        _call(
            "benchmark import",
            f"in/logs_{kind}.zip --format nas-bench-nlp --out out",
            f"logs_{kind}.zip",
            weight=6,
        )
        for kind in ("deflated", "lzma", "bz2")
    ),
    _call(
        "benchmark import",
        "in/logs --format nas-bench-nlp --out out",
        "logs/1000000.json logs/1000001.json",
        container=True,
        weight=10,
    ),
    _call(
        "benchmark download",
        "nas-bench-nlp/wikitext-2 --file in/logs_deflated.zip",
        "logs_deflated.zip",
    ),
    _call("benchmark build-mini", "--out out --cells 3", weight=2, only_invalid=True),
    _call(
        "report",
        "in/comparison --out out.html",
        "comparison/trials.csv comparison/best.json",
        weight=8,
    ),
    _call("report", "in/abcd1234 --out out.html", "abcd1234/db/nni.sqlite", weight=8),
    _call("report", "abcd1234 --out out.html", "experiments.json", weight=3),
    _call("search", "--benchmark in/table --strategy random --trials 2 --out out", TABLE, weight=4),
    _call("search", "--strategy random --trials 2 --out out", weight=6, only_invalid=True),
    _call(
        "compare", "--strategies random --trials 2 --seeds 1 --out out", weight=6, only_invalid=True
    ),
    _call(
        "study", "--benchmark in/table --strategies random --out out", weight=4, only_invalid=True
    ),
    _call(
        "score",
        "--recipes in/recipes.jsonl --scores num_params --corpus in/corpus --out out.csv",
        "recipes.jsonl corpus/valid.txt",
        only_invalid=True,
    ),
    _call(
        "train lm",
        f"--architecture gru --corpus in/corpus --out out {SMALL_CELL}",
        "corpus/train.txt",
        weight=8,
    ),
    _call(
        "train lm", "--architecture gru --corpus in/corpus --out out", weight=6, only_invalid=True
    ),
    *(
        _call(
            "train classifier",
            f"--data in/sentences_{kind} {CLASSIFIER}",
            f"sentences_{kind}/train.{kind} sentences_{kind}/dev.{kind}",
            weight=6,
        )
        for kind in ("tsv", "csv", "jsonl", "txt")
    ),
    *(
        _call("train classifier", f"--data in/{file} {CLASSIFIER}", file, weight=6)
        for file in ("labelled.csv", "labelled.tsv.gz", "labelled.ndjson")
    ),
    _call(
        "train classifier",
        f"--data in/sentences_tsv {CLASSIFIER} --vectors in/vectors.txt",
        "vectors.txt",
    ),
    _call(
        "train classifier",
        f"--data in/sentences_tsv {CLASSIFIER} --vectors in/vectors.txt.gz",
        "vectors.txt.gz",
    ),
    _call(
        "train classifier",
        "--data in/sentences_tsv --architecture in/textnas.json --out out",
        weight=8,
        only_invalid=True,
    ),
    _call("teacher", "--data in/sentences_tsv --out out", only_invalid=True),
    _call(
        "predict",
        "in/classifier --input in/texts.csv --output out.csv",
        "classifier/model.json classifier/model.safetensors classifier/vocabulary.txt texts.csv",
        weight=12,
    ),
    _call(
        "predict",
        "in/classifier --input in/texts.jsonl --output out.jsonl",
        "texts.jsonl",
        container=True,  # without rows, or as plain text, it is an input
        weight=6,
    ),
    _call(
        "export",
        "in/classifier --format safetensors --out out",
        "classifier/model.json classifier/model.safetensors classifier/vocabulary.txt",
        weight=4,
    ),
    _call(
        "measure",
        "in/classifier --batch 1 --length 1 --warmup 1 --repeats 1",
        "classifier/model.json classifier/model.safetensors classifier/vocabulary.txt",
        weight=4,
    ),
    _call(
        "one-shot",
        "--data in/sentences_tsv --space textnas --strategy textnas_enas --out out",
        only_invalid=True,
        weight=6,
    ),
    _call(
        "probe",
        "--model in/model --out out --words in/words",
        "words/EN-small.txt model/checkpoint.pt model/vocabulary.txt",
        weight=10,
    ),
    _call(
        "probe",
        "--model in/model --out out --tasks in/tasks --names rte",
        "tasks/rte/train.jsonl tasks/rte/val.jsonl",
        weight=6,
    ),
    _call(
        "experiment up", "--config in/experiment.yml", "experiment.yml", weight=8, only_invalid=True
    ),
    _call("experiment down", "abcd1234", "experiments.json", only_invalid=True, weight=2),
    _call("experiment status", "", "experiments.json", weight=2, container=True),
    _call("experiment examples", "copies", weight=1),
    _call("naslib search", "--optimizer random_search --out out", only_invalid=True, weight=2),
    _call("naslib predictor", "rf --out out", only_invalid=True, weight=2),
)
