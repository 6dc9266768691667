"""Small valid files of every format that a command reads."""

from __future__ import annotations

import gzip
import json
import pickle
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from nni_nlp_bench.benchmarks.exporters import export_naslib_pickle, export_nni_db
from nni_nlp_bench.benchmarks.table import Table
from nni_nlp_bench.benchmarks.training_run import TrainingRun
from search_spaces.asr_cell import AsrCell
from search_spaces.asr_cell.release_hash import release_hash
from search_spaces.registry import SPACES, get_space
from search_spaces.rnn_cell import published_recipe

IDS = (1000000, 1000001, 1000002)
LABELLED = [("a fine film", "good"), ("it isn't so", "bad"), ("what a day", "good")] * 4
NNI_TABLES = """
CREATE TABLE TrialJobEvent (timestamp integer, trialJobId text, event text, data text,
    logPath text, sequenceId integer, message text, environmentId text);
CREATE TABLE MetricData (timestamp integer, trialJobId text, parameterId text, type text,
    sequence integer, data text);
CREATE TABLE ExperimentProfile (params text, id text, execDuration integer, startTime integer,
    endTime integer, logDir text, nextSequenceId integer, revision integer);
"""
# Three mistakes far apart: no mutation makes it valid, so that no manager ever starts.
EXPERIMENT = """\
trialConcurrency: 0
searchSpace: {x: {_type: choice, _value: [1, 2]}}
trialCommand: python -m nni_nlp_bench.frameworks.nni.trial
trainingService: {platform: local}
tuner: {name: NoSuchTuner, classArgs: {strategy: random, seed: 1}}
maxTrialNumber: -1
"""


def write_samples(folder: Path) -> None:
    """Write a sample of each format below the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    recipes = [published_recipe(i).to_json() for i in IDS]
    (folder / "recipes.jsonl").write_text("\n".join(recipes) + "\n", "utf-8")
    for name in SPACES:
        sampled = get_space(name).sample(np.random.default_rng(0)).to_json()
        (folder / f"{name}.json").write_text(sampled, "utf-8")
    _write_tables(folder, recipes)
    _write_sentences(folder)
    _write_text(folder)
    _write_model(folder / "model", folder / "corpus")
    _write_classifier(folder)
    _write_comparison(folder / "comparison", recipes[0])
    _write_nni(folder, recipes[0])
    (folder / "experiment.yml").write_text(EXPERIMENT, "utf-8")


def _write_tables(folder: Path, recipes: list[str]) -> None:
    losses = np.array([5.0, 4.5])
    runs = [
        TrainingRun(
            architecture=published_recipe(i),
            name=str(i),
            train_loss=losses,
            val_loss=losses,
            test_loss=losses,
            wall_time_s=losses,
            recipe_id=i,
            num_params=100,
            dataset="ptb",
        )
        for i in IDS
    ]
    table = Table.from_runs(runs, name="small", space="rnn_cell", epochs=2)
    table.save(folder / "table")
    export_nni_db(table, folder / "nlp.db")
    export_naslib_pickle(table, folder / "nb_nlp.pickle")
    rows = [f'"{text.replace(chr(34), chr(34) * 2)}",4.5,7,100' for text in recipes]
    content = "\n".join(["recipe,test_loss,recipe_id,num_params", *rows]) + "\n"
    (folder / "losses.csv").write_text(content, "utf-8")
    (folder / "losses.csv.gz").write_bytes(gzip.compress(content.encode(), mtime=0))
    (folder / "logs").mkdir()
    for i, text in zip(IDS, recipes, strict=True):
        (folder / "logs" / f"{i}.json").write_text(json.dumps(_log(i, text)), "utf-8")
    kinds = {"deflated": zipfile.ZIP_DEFLATED, "lzma": zipfile.ZIP_LZMA, "bz2": zipfile.ZIP_BZIP2}
    for kind, compression in kinds.items():
        with zipfile.ZipFile(folder / f"logs_{kind}.zip", "w", compression) as archive:
            for file in sorted((folder / "logs").iterdir()):
                archive.writestr(zipfile.ZipInfo(file.name), file.read_bytes(), compression)
    (folder / "bert.json").write_text(json.dumps([_bert_entry(i) for i in range(2)]), "utf-8")
    (folder / "nb-asr-e5-1234.pickle").write_bytes(b"".join(map(pickle.dumps, _asr_rows())))
    (folder / "values.pickle").write_bytes(pickle.dumps({"a": [1, 2.5, ("b",)]}, protocol=2))


def _log(recipe_id: int, recipe: str) -> dict[str, Any]:
    series = ("train_losses", "val_losses", "test_losses", "wall_times")
    named = {name: [5.0, 4.5] for name in series}
    head = {"recepie": recipe, "recepie_id": recipe_id, "num_params": 9, "status": "OK"}
    return {**head, "data": "data/ptb", **named}


def _bert_entry(number: int) -> dict[str, Any]:
    encoder = get_space("encoder").sample(np.random.default_rng(number))
    space: Any = get_space("encoder")
    configuration = json.loads(space.release_formats(encoder)["configuration"])
    return {
        "id": number,
        "completed": True,
        "hparams": {"model_hparam_overrides": configuration},
        "scores": {"glue": 71.5, "cola": 30.0},
        "time_to_train": 3600.0,
    }


def _asr_rows() -> tuple[dict[str, Any], list[Any]]:
    """Header and rows of a file of NAS-Bench-ASR, with a number of NumPy."""
    cells = ([[1, 0], [1, 0, 0], [1, 0, 0, 0]], [[0, 1], [1, 1, 0], [4, 1, 0, 1]])
    rows = [
        (release_hash(AsrCell.from_vector(cell)), [0.5, 0.4, 0.3, 0.3, np.float32(0.2)], 0.3, cell)
        for cell in cells
    ]
    columns = ["model_hash", "val_per", "test_per", "arch_vec"]
    return {"columns": columns, "version": 1, "seed": 1234, "epochs": 5}, rows


def _write_sentences(folder: Path) -> None:
    tables = {
        "tsv": "sentence\tlabel\n" + "".join(f"{text}\t{label}\n" for text, label in LABELLED),
        "csv": "sentence,label\n" + "".join(f'"{text}",{label}\n' for text, label in LABELLED),
        "jsonl": "".join(json.dumps({"text": t, "label": n}) + "\n" for t, n in LABELLED),
        "txt": "(3 (2 so) (4 good))\n(1 (2 so) (0 bad))\n" * 3,
    }
    for suffix, content in tables.items():
        for part in ("train", "dev", "test"):
            file = folder / f"sentences_{suffix}" / f"{part}.{suffix}"
            file.parent.mkdir(exist_ok=True)
            file.write_text(content, "utf-8")
    rows = [(f"{text} {i}", label) for i in range(2) for text, label in dict(LABELLED).items()]
    rows += [(f"{text} again", label) for text, label in dict(LABELLED).items()]
    single = {
        "csv": "text,label\n" + "".join(f'"{text}",{label}\n' for text, label in rows),
        "tsv": "text\tlabel\n" + "".join(f"{text}\t{label}\n" for text, label in rows),
        "ndjson": "".join(json.dumps({"text": t, "label": n}) + "\n" for t, n in rows),
    }
    (folder / "labelled.csv").write_text(single["csv"], "utf-8")
    (folder / "labelled.tsv.gz").write_bytes(gzip.compress(single["tsv"].encode(), mtime=0))
    (folder / "labelled.ndjson").write_text(single["ndjson"], "utf-8")
    vectors = "".join(f"{word} 0.1 -0.2 0.3\n" for word in ("a", "fine", "film", "day"))
    (folder / "vectors.txt").write_text(vectors, "utf-8")
    (folder / "vectors.txt.gz").write_bytes(gzip.compress(vectors.encode(), mtime=0))


def _write_text(folder: Path) -> None:
    (folder / "corpus").mkdir()
    for part in ("train", "valid", "test"):
        (folder / "corpus" / f"{part}.txt").write_text("a cat and a dog\n" * 30, "utf-8")
    (folder / "words").mkdir()
    pairs = "cat dog 5.5\na and 1.0\ncat and 0.5\ndog and 0.7\n"
    (folder / "words" / "EN-small.txt").write_text(pairs, "utf-8")
    (folder / "tasks" / "rte").mkdir(parents=True)
    for part in ("train", "val"):
        rows = [
            {"premise": "a cat", "hypothesis": "a dog", "label": label}
            for label in ("entailment", "not_entailment") * 6
        ]
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / "tasks" / "rte" / f"{part}.jsonl").write_text(text, "utf-8")


def _write_model(folder: Path, corpus: Path) -> None:
    from nni_nlp_bench.data.corpora import load_corpus
    from nni_nlp_bench.training.run import train
    from nni_nlp_bench.training.settings import Settings, Sizes

    sizes = Sizes(embedding=4, hidden=4, layers=1)
    settings = Settings(epochs=1, sizes=sizes, batch_size=5, eval_batch_size=5, bptt=5)
    folder.mkdir()
    train(published_recipe(IDS[2]), load_corpus(str(corpus)), settings, folder)


def _write_classifier(folder: Path) -> None:
    from nni_nlp_bench.data.sentences.labelled_set import PARTS, LabelledSet, Sentence
    from nni_nlp_bench.models.saving import save_classifier
    from nni_nlp_bench.training.classification.settings import ClassifierSettings
    from nni_nlp_bench.training.classification.task import baseline_task
    from nni_nlp_bench.training.classification.words import EmbeddedDataset

    sentences = [Sentence(tuple(text.split()), label == "good") for text, label in LABELLED]
    data = LabelledSet.of("moods", ("bad", "good"), dict.fromkeys(PARTS, sentences))
    words = EmbeddedDataset.of(data, width=4)
    task = baseline_task("bag_of_vectors", words, ClassifierSettings(epochs=1))
    save_classifier(folder / "classifier", task, task.trainer().model, metrics={})
    rows = list(enumerate(text for text, _ in LABELLED))
    table = "".join(f'{i},"{text}"\n' for i, text in rows)
    (folder / "texts.csv").write_text(f"id,text\n{table}", "utf-8")
    lines = "".join(json.dumps({"id": i, "text": text}) + "\n" for i, text in rows)
    (folder / "texts.jsonl").write_text(lines, "utf-8")


def _write_comparison(folder: Path, recipe: str) -> None:
    folder.mkdir()
    columns = (
        "strategy,seed,evaluation,architecture,epochs,val_loss,test_loss,status,origin,source,"
        "replaced,simulated_end_h,regret"
    )
    quoted = '"' + recipe.replace('"', '""') + '"'
    rows = [
        f"random,{seed},{i},{quoted},50,4.6,{4.6 - i / 10},OK,measured,ptb,False,{i + 1}.0,"
        f"{0.3 - i / 10}"
        for seed in (0, 1)
        for i in range(3)
    ]
    (folder / "trials.csv").write_text("\n".join([columns, *rows]) + "\n", "utf-8")
    best = {
        "space": "rnn_cell",
        "architecture": json.loads(recipe),
        "reference": {"loss": 4.3, "known": True, "unit": "nats per token"},
        "note": None,
    }
    (folder / "best.json").write_text(json.dumps(best), "utf-8")
    (folder / "settings.json").write_text("{}", "utf-8")


def _write_nni(folder: Path, recipe: str) -> None:
    database = folder / "abcd1234" / "db" / "nni.sqlite"
    database.parent.mkdir(parents=True)
    params = {
        "experimentName": "small",
        "trialCommand": "python -m nni_nlp_bench.frameworks.nni.trial",
        "tuner": {"name": "Random"},
    }
    parameters = json.dumps(
        {"parameter_id": 0, "parameters": {"architecture": recipe}, "parameter_source": "algorithm"}
    )
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.executescript(NNI_TABLES)
        connection.execute(
            "INSERT INTO ExperimentProfile VALUES (?, 'abcd1234', 1, 1, 2, '/tmp', 1, 1)",
            (json.dumps(params),),
        )
        for time, event in enumerate(("WAITING", "RUNNING", "SUCCEEDED")):
            connection.execute(
                "INSERT INTO TrialJobEvent VALUES (?, 'T0', ?, ?, '', 0, '', NULL)",
                (time, event, parameters if event == "WAITING" else ""),
            )
        result = json.dumps(json.dumps({"default": 4.5, "hours": 1.0}))
        connection.execute("INSERT INTO MetricData VALUES (2, 'T0', '0', 'FINAL', 0, ?)", (result,))
    listed = {"id": "abcd1234", "logDir": "in", "experimentName": "small", "port": 1}
    listed |= {"pid": 999999999, "status": "STOPPED", "startTime": 1, "endTime": 2}
    (folder / "experiments.json").write_text(json.dumps({"abcd1234": listed}), "utf-8")
