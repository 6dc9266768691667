"""`probe`: evaluate the embeddings and outputs of a trained language model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nni_nlp_bench.cli import options
from nni_nlp_bench.cli.output import bar, echo, plain_table, print_json, print_tables
from nni_nlp_bench.core.errors import UserError

if TYPE_CHECKING:
    from nni_nlp_bench.probing.classification import TaskResult
    from nni_nlp_bench.probing.evaluate import Evaluation
    from nni_nlp_bench.probing.tasks import Task
    from nni_nlp_bench.training.trained import TrainedModel

ALL_TASKS = "rte,mrpc,cola,sst2"


def probe(
    model: Annotated[Path, typer.Option(help="Output folder of `train lm`.")],
    out: options.Out,
    words: Annotated[
        Path | None, typer.Option(help="Folder of word-similarity sets (EN-*.txt).")
    ] = None,
    tasks: Annotated[
        Path | None, typer.Option(help="Folder with one subfolder per task, such as rte.")
    ] = None,
    names: Annotated[str, typer.Option(help="Comma-separated names of tasks.")] = ALL_TASKS,
    seed: options.Seed = 0,
    json: options.Json = False,
) -> None:
    """Evaluate a trained model: embeddings by word similarity, outputs by small tasks.

    Writes evaluation.csv and evaluation.json to --out.
    """
    from nni_nlp_bench.core.output_dir import locked_output_dir
    from nni_nlp_bench.probing.evaluate import Evaluation
    from nni_nlp_bench.probing.evaluate import evaluate as evaluate_model
    from nni_nlp_bench.probing.report import report, write_csv, write_json
    from nni_nlp_bench.probing.tasks import read_task
    from nni_nlp_bench.probing.word_sets import read_word_sets
    from nni_nlp_bench.training.trained import TrainedModel

    if words is None and tasks is None:
        raise UserError("nothing to evaluate on: give --words, --tasks or both")
    if out.resolve() == model.resolve():
        raise UserError(f"--out {out} is the folder of the model: choose another one")
    trained = TrainedModel.load(model)
    sets = [] if words is None else read_word_sets(words)
    chosen = [] if tasks is None else list(dict.fromkeys(map(str.strip, names.split(","))))
    read = [] if tasks is None else [read_task(name, tasks) for name in chosen]
    similarities = evaluate_model(trained, sets).similarities
    identity = {
        "model": str(model.resolve()),
        "epochs": trained.epochs,
        "words": None if words is None else str(words.resolve()),
        "tasks": None if tasks is None else str(tasks.resolve()),
        "names": chosen,
        "seed": seed,
    }
    with locked_output_dir(out, identity, "an evaluation"):
        found = Evaluation(similarities, _results(trained, read, seed), seed)
        write_csv(out / "evaluation.csv", found)
        write_json(out / "evaluation.json", found)
    if json:
        print_json({"epochs": trained.epochs, "status": trained.status, **report(found)})
    else:
        _print(trained, found, out)


def _results(trained: TrainedModel, tasks: Sequence[Task], seed: int) -> tuple[TaskResult, ...]:
    from nni_nlp_bench.probing.evaluate import evaluate

    results: list[TaskResult] = []
    with bar("tasks") as progress:
        for done, task in enumerate(tasks):
            progress(done, len(tasks))
            results += evaluate(trained, tasks=[task], seed=seed).tasks
    return tuple(results)


def _print(trained: TrainedModel, found: Evaluation, out: Path) -> None:
    from nni_nlp_bench.probing.report import COLUMNS, table_rows

    title = f"{trained.corpus}, {trained.epochs} epochs, status {trained.status}"
    print_tables(plain_table(title, COLUMNS, table_rows(found)))
    echo(f"table   {out / 'evaluation.csv'}")
