"""`teacher`: fine-tune a pretrained encoder as a teacher for distillation."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from nni_nlp_bench.cli import options
from nni_nlp_bench.cli.output import bar, echo, print_json, print_model, print_tables
from nni_nlp_bench.core.limits import MAX_COUNT


def teacher(
    data: options.Sentences,
    out: options.Out,
    teacher: options.TeacherName = options.TEACHER,
    epochs: Annotated[int, typer.Option(min=1, max=MAX_COUNT, help="Number of epochs.")] = 3,
    batch_size: Annotated[
        int, typer.Option(min=1, max=MAX_COUNT, help="Number of sentences per batch.")
    ] = 32,
    learning_rate: Annotated[
        float, typer.Option(help="Initial learning rate of Adam, with cosine decay.")
    ] = 1e-4,
    max_length: Annotated[
        int, typer.Option(min=1, max=MAX_COUNT, help="Maximum number of tokens per sentence.")
    ] = 64,
    seed: options.Seed = 0,
    device: options.Device = "cpu",
    json: options.Json = False,
) -> None:
    """Fine-tune a teacher on labelled sentences. Run it again to resume after an interruption.

    Writes a transformers model to --out, for --teacher of `one-shot` and `train classifier`, and
    for `predict`. The test set is not used.
    """
    from dataclasses import asdict

    from nni_nlp_bench.cli.train.classifier import curves_table
    from nni_nlp_bench.core.output_dir import locked_output_dir
    from nni_nlp_bench.data.sentences.sets import load_labelled_set
    from nni_nlp_bench.distillation.fine_tuning import (
        fine_tuned,
        fine_tuning,
        fine_tuning_settings,
    )
    from nni_nlp_bench.models.training import fine_tune_teacher

    settings = fine_tuning_settings(
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        max_length=max_length,
        seed=seed,
    )
    labelled = load_labelled_set(data)
    identity: dict[str, Any] = {"teacher": teacher, "data": labelled.digest, **asdict(settings)}
    with locked_output_dir(out, identity, "a teacher"), bar("training", percent=True) as progress:

        def show(trained: float) -> None:
            progress(round(1000 * trained), 1000 * epochs)

        curves = fine_tuned(out)
        if curves is None:
            task = fine_tuning(teacher, labelled, settings, device)
            curves = fine_tune_teacher(task, out, show)
    if json:
        print_json({**asdict(curves), "out": str(out)})
    else:
        print_tables(curves_table(f"{curves.parameters:,} parameters", curves))
        echo(f"use it: --teacher {out}")
        print_model(out)
