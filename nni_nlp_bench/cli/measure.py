"""`measure`: latency, memory and size of a trained model."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from nni_nlp_bench.cli import options
from nni_nlp_bench.cli.output import echo, key_value_table, plain_table, print_json, print_tables
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.limits import MAX_COUNT, MAX_PROCESSES

if TYPE_CHECKING:
    from nni_nlp_bench.models.measure import Measurement

_MAX_DIGITS = 7


def measure(
    model: options.Model,
    batch: Annotated[str, typer.Option(help="Comma-separated numbers of texts.")] = "1,8,32",
    length: Annotated[
        str | None,
        typer.Option(
            help="Comma-separated numbers of words per text (default: 16,64, or as many as the "
            "model reads)."
        ),
    ] = None,
    threads: Annotated[
        int, typer.Option(min=1, max=MAX_PROCESSES, help="Number of CPU threads.")
    ] = 1,
    warmup: Annotated[int, typer.Option(min=1, max=MAX_COUNT, help="Runs before the first.")] = 3,
    repeats: Annotated[int, typer.Option(min=1, max=MAX_COUNT, help="Measured runs.")] = 20,
    json: options.Json = False,
) -> None:
    """Measure a trained model on this machine: latency, throughput, memory and size.

    The latency is from words to probabilities; texts per second include the tokenization.
    """
    from nni_nlp_bench.models.measure import MeasureSettings, measure_model

    lengths = None if length is None else _counts("--length", length)
    settings = MeasureSettings(_counts("--batch", batch), lengths, threads, warmup, repeats)
    found = measure_model(model, settings)
    if json:
        print_json(asdict(found))
    else:
        _print(found)


def _counts(option: str, text: str) -> tuple[int, ...]:
    parts = [part.strip() for part in text.split(",")]
    for part in parts:
        if not (part.isascii() and part.isdigit() and len(part) <= _MAX_DIGITS):
            raise UserError(f"{option}: {part[:40]!r} is not a number; give a list such as 1,8,32")
    return tuple(dict.fromkeys(map(int, parts)))


def _print(found: Measurement) -> None:
    about = {
        "parameters": f"{found.parameters:,}",
        "without embeddings": f"{found.parameters_without_embeddings:,}",
        "files": _size(found.size_bytes),
        "peak memory": f"{_size(found.peak_memory_bytes)} with Python and its libraries",
    }
    columns = ["texts", "words", "median ms", "middle half"]
    if found.timings[0].texts_per_second is not None:
        columns.append("texts/s")
    rows = [
        [
            str(each.batch),
            str(each.length),
            f"{each.latency.median_ms:.3f}",
            f"{each.latency.low_ms:.3f} to {each.latency.high_ms:.3f}",
            f"{each.texts_per_second or 0:,.0f}",
        ][: len(columns)]
        for each in found.timings
    ]
    print_tables(key_value_table(about), plain_table(found.name, columns, rows))
    echo(f"{found.repeats} runs each, threads: {found.threads}")


def _size(size: int | None) -> str:
    if size is None:
        return "unknown"
    return f"{size / 1e6:,.1f} MB" if size >= 1e6 else f"{size / 1e3:,.1f} kB"
