"""`predict`: labels of texts by a trained model."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO, Literal, TextIO

import typer

from nni_nlp_bench.cli import options
from nni_nlp_bench.cli.output import bar, echo
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.limits import MAX_COUNT

if TYPE_CHECKING:
    from nni_nlp_bench.models.base import TextClassifier
    from nni_nlp_bench.models.text_stream import PredictionWriter, TextReader

STREAM = "-"


def predict(
    model: options.Model,
    input: Annotated[str, typer.Option(help="File with the texts, or - for stdin.")] = STREAM,
    output: Annotated[
        Path | None,
        typer.Option(
            parser=options.output_file, metavar="PATH", help="Output file (default: stdout)."
        ),
    ] = None,
    format: Annotated[
        Literal["text", "csv", "tsv", "jsonl"] | None,
        typer.Option(help="Format of the input (default: by its suffix, else one text per line)."),
    ] = None,
    text: options.TextColumn = None,
    pair: options.PairColumn = None,
    batch_size: Annotated[
        int, typer.Option(min=1, max=MAX_COUNT, help="Number of texts that are read at a time.")
    ] = 64,
) -> None:
    """Predict the labels of texts with a trained model.

    Tables get the columns predicted_label and predicted_probability; other formats become JSON
    Lines with the probability of each label.
    """
    from nni_nlp_bench.models.loading import load_classifier
    from nni_nlp_bench.models.text_stream import PredictionWriter, TextReader, format_of

    if pair is not None and text is None:
        raise UserError("--pair names the second texts: give --text for the first ones too")
    classifier = load_classifier(model)
    source = "stdin" if input == STREAM else input
    chosen = format or ("text" if input == STREAM else format_of(Path(input)))
    columns = [name for name in (text, pair) if name is not None]
    with _opened(input) as stream:
        reader = TextReader(stream, source, chosen, columns)
        with _writable(output, input, model) as file:
            writer = PredictionWriter(file, chosen, reader.header)
            count, missing = _predict(classifier, reader, writer, batch_size, output is not None)
    if missing:
        echo(f"note: {missing:,} of {count:,} texts have no words, so no label", err=True)


def _predict(
    classifier: TextClassifier,
    reader: TextReader,
    writer: PredictionWriter,
    batch_size: int,
    with_bar: bool,
) -> tuple[int, int]:
    """Write the predictions of all rows; return the number of rows, and of those without words."""
    rows, count, missing = iter(reader), 0, 0
    with bar("predicting") as progress:
        while batch := list(islice(rows, batch_size)):
            found = classifier.predict_known([row.text for row in batch])
            for row, prediction in zip(batch, found, strict=True):
                writer.write(row, prediction)
                missing += prediction is None
            writer.flush()
            count += len(batch)
            if with_bar:
                progress(count, None)
    return count, missing


@contextmanager
def _opened(source: str) -> Iterator[BinaryIO]:
    from nni_nlp_bench.core.input_files import open_input, user_path

    if source == STREAM:
        if sys.stdin is None:
            raise UserError("stdin is closed: give --input FILE")
        yield sys.stdin.buffer
    else:
        with open_input(user_path(source)) as stream:
            yield stream


@contextmanager
def _writable(output: Path | None, source: str, model: Path) -> Iterator[TextIO]:
    """Context of stdout, or of a file that replaces the output at the end."""
    from nni_nlp_bench.core.files import atomic_write, check_output_file
    from nni_nlp_bench.core.input_files import user_path

    if output is None:
        if isinstance(sys.stdout, TextIOWrapper):  # the output is data, not for a terminal
            sys.stdout.reconfigure(encoding="utf-8")
        try:
            yield sys.stdout
        except BrokenPipeError:  # its reader has read enough: typer ends the command
            raise
        except OSError as error:
            discard = os.open(os.devnull, os.O_WRONLY)
            os.dup2(discard, sys.stdout.fileno())  # else the interpreter writes the rest again
            raise UserError(f"cannot write stdout: {error.strerror or error}") from None
        return
    check_output_file(output, user_path(source), model)
    with atomic_write(output) as new, new.open("w", encoding="utf-8", newline="") as file:
        yield file
