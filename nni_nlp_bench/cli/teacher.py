"""`teacher`: fine-tune a pretrained encoder, from which students learn."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from nni_nlp_bench.cli import options


def teacher(
    data: Annotated[str, typer.Option(help="Labelled sentences by name, or their folder.")],
    out: options.Out,
    teacher: options.TeacherName = options.TEACHER,
    epochs: Annotated[int, typer.Option(min=1, help="Of the training.")] = 3,
    batch_size: Annotated[int, typer.Option(min=1, help="Sentences.")] = 32,
    learning_rate: Annotated[float, typer.Option(help="Adam's, at the start of a cosine.")] = 1e-4,
    max_length: Annotated[int, typer.Option(min=1, help="Tokens of a sentence.")] = 64,
    seed: options.Seed = 0,
    device: Annotated[str, typer.Option(help="cpu, cuda, ...")] = "cpu",
    json: options.Json = False,
) -> None:
    """Fine-tune a teacher on labelled sentences. Run it again to go on after an interruption.

    Writes a model of the library transformers to --out, which `search` and `train` take as
    --teacher. The test part is not looked at.
    """
    from dataclasses import asdict

    from nni_nlp_bench.cli.output import bar, print_json, print_tables
    from nni_nlp_bench.cli.train_classifier import curves_table
    from nni_nlp_bench.core.output_dir import locked_output_dir
    from nni_nlp_bench.data.sentences.sets import load_labelled_set
    from nni_nlp_bench.distillation.fine_tuning import (
        fine_tune,
        fine_tuned,
        fine_tuning,
        fine_tuning_settings,
    )

    settings = fine_tuning_settings(
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        max_length=max_length,
        seed=seed,
    )
    labelled = load_labelled_set(data)
    facts: dict[str, Any] = {"teacher": teacher, "data": labelled.digest, **asdict(settings)}
    with locked_output_dir(out, facts, "a teacher"), bar("training", percent=True) as progress:

        def show(trained: float) -> None:
            progress(round(1000 * trained), 1000 * epochs)

        curves = fine_tuned(out)
        if curves is None:
            curves = fine_tune(fine_tuning(teacher, labelled, settings, device), out, show)
    if json:
        print_json({**asdict(curves), "out": str(out)})
    else:
        print_tables(curves_table(f"{curves.parameters:,} parameters", curves))
        typer.echo(f"use it: --teacher {out}")
