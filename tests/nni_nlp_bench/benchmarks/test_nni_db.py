"""NNI's nlp.db: written for NNI's own query function, and read back."""

from __future__ import annotations

import json
import math
import os
import sqlite3
import subprocess
import sys
import zipfile
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nni_nlp_bench.benchmarks.base import BenchmarkError
from nni_nlp_bench.benchmarks.exporters import export_nni_db
from nni_nlp_bench.benchmarks.importers import import_benchmark
from nni_nlp_bench.benchmarks.nni_architecture import flat_architecture, recipe_of_flat
from nni_nlp_bench.benchmarks.table import Table
from nni_nlp_bench.benchmarks.table_info import table_info
from search_spaces.rnn_cell import Recipe, RecipeError, published_recipe

RNN, LSTM, GRU = (published_recipe(1000000 + i) for i in range(3))
NNI_QUERY = """
import json, sys
from nni.nas.benchmark.nlp import query_nlp_trial_stats
answers = [
    list(query_nlp_trial_stats(architecture, "ptb", include_intermediates=True))
    for architecture in json.load(sys.stdin)
]
print(json.dumps(answers))
"""


def nni_query(folder: Path, *recipes: Recipe) -> list[list[dict[str, Any]]]:
    """What NNI answers for each cell."""
    done = subprocess.run(
        [sys.executable, "-c", NNI_QUERY],
        input=json.dumps([flat_architecture(recipe) for recipe in recipes]),
        env=os.environ | {"NASBENCHMARK_DIR": str(folder)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    answers: list[list[dict[str, Any]]] = json.loads(done.stdout.splitlines()[-1])
    return answers


def imported(source: Path, out: Path, epochs: int = 4) -> Table:
    import_benchmark(source, "nni-db", out, epochs=epochs)
    return Table.load(out)


@pytest.mark.slow
def test_nni_itself_reads_the_export(small_table: Table, tmp_path: Path) -> None:
    report = export_nni_db(small_table, tmp_path / "nlp.db")
    assert report.written == 4
    assert report.lost[0].startswith("losses of 2 runs that broke off")
    of_rnn, of_lstm, of_gru = nni_query(tmp_path, RNN, LSTM, GRU)
    first, second = of_rnn
    assert first["config"]["arch"] == flat_architecture(RNN)
    assert first["config"]["dataset"] == "ptb"
    for seed, trial in enumerate((first, second)):
        curve = small_table.curve(RNN, seed)
        epochs = trial["intermediates"]
        assert [epoch["current_epoch"] for epoch in epochs] == [1, 2, 3, 4]
        assert [epoch["val_loss"] for epoch in epochs] == curve.val_loss.tolist()
        assert [epoch["training_time"] for epoch in epochs] == curve.wall_time_s.tolist()
        assert trial["test_loss"] == small_table.query(RNN, seed=seed).test_loss
    assert (len(of_lstm), len(of_gru)) == (1, 0), "NNI keeps no statistics of failed runs"


@pytest.mark.slow
def test_a_file_that_nni_made_is_read(wikitext2_logs: Path, tmp_path: Path) -> None:
    names = {1000000: "OK", 1000001: "OK", 1007257: "loss is nan!"}
    (tmp_path / "logs").mkdir()
    expected = {}
    with zipfile.ZipFile(wikitext2_logs) as archive:
        for member in archive.namelist():
            log = json.loads(archive.read(member))
            if log["recepie_id"] in names and log["recepie_id"] not in expected:
                expected[log["recepie_id"]] = log
                archive.extract(member, tmp_path / "logs")
    done = subprocess.run(
        [sys.executable, "-m", "nni.nas.benchmark.nlp.db_gen", str(tmp_path / "logs")],
        env=os.environ | {"NASBENCHMARK_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    table = imported(tmp_path / "nlp.db", tmp_path / "table", epochs=50)
    assert table.metadata.dataset == "wikitext-2"
    for recipe_id, log in expected.items():
        curve = table.curve(published_recipe(recipe_id))
        if names[recipe_id] == "OK":
            assert curve.test_loss.tolist() == log["test_losses"]
            assert curve.wall_time_s.tolist() == log["wall_times"]
        else:
            assert len(curve.test_loss) == 0 and curve.status.startswith("failed")


def test_published_runs_survive_export_and_import(wikitext2: Table, tmp_path: Path) -> None:
    report = export_nni_db(wikitext2, tmp_path / "nlp.db")
    assert report.written == 341
    back = imported(tmp_path / "nlp.db", tmp_path / "table", epochs=50)
    assert back.metadata.dataset == "wikitext-2"
    assert table_info(back).other_statuses == {"failed (nlp.db holds no statistics)": 4}
    assert set(back.architectures()) == set(wikitext2.architectures())
    for architecture in wikitext2.architectures():
        for seed in wikitext2.seeds(architecture):
            ours, theirs = wikitext2.curve(architecture, seed), back.curve(architecture, seed)
            if ours.status == "OK":
                for name in ("train_loss", "val_loss", "test_loss", "wall_time_s"):
                    np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name))
            else:
                assert len(theirs.val_loss) == 0


def test_nan_is_null_there_and_nan_here(small_table: Table, tmp_path: Path) -> None:
    export_nni_db(small_table, tmp_path / "nlp.db")
    with closing(sqlite3.connect(tmp_path / "nlp.db")) as database, database:
        database.execute("UPDATE nlpintermediatestats SET val_loss = NULL WHERE current_epoch = 4")
    result = imported(tmp_path / "nlp.db", tmp_path / "table").query(RNN)
    assert math.isnan(result.val_loss or 0)
    assert result.test_loss == small_table.query(RNN).test_loss


def test_final_values_alone_have_no_time(small_table: Table, tmp_path: Path) -> None:
    export_nni_db(small_table, tmp_path / "nlp.db")
    with closing(sqlite3.connect(tmp_path / "nlp.db")) as database, database:
        database.execute("DELETE FROM nlpintermediatestats")
    table = imported(tmp_path / "nlp.db", tmp_path / "table")
    assert not table.has_curves
    assert table.query(RNN).val_loss == small_table.query(RNN).val_loss
    assert math.isnan(table.query(RNN).wall_time_s)
    again = export_nni_db(table, tmp_path / "again.db")
    assert again.written == 4 and "wall_time_s" in again.lost[-1]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("UPDATE nlptrialconfig SET arch = '{' WHERE id = 1", "must be JSON text"),
        ('UPDATE nlptrialconfig SET arch = \'{"a": "b"}\' WHERE id = 1', "expected NODE_op"),
        ("UPDATE nlptrialconfig SET arch = x'00' WHERE id = 1", "must be text"),
        ("UPDATE nlpintermediatestats SET val_loss = 'low' WHERE id = 1", "must be numbers"),
        ("DELETE FROM nlpintermediatestats WHERE id = 1", "without gaps"),
        ("DELETE FROM nlpintermediatestats WHERE trial_id = 1", "no epochs"),
    ],
)
def test_one_bad_row_is_named_and_skipped(
    small_table: Table, tmp_path: Path, change: str, reason: str
) -> None:
    export_nni_db(small_table, tmp_path / "nlp.db")
    with closing(sqlite3.connect(tmp_path / "nlp.db")) as database, database:
        database.execute(change)
    report = import_benchmark(tmp_path / "nlp.db", "nni-db", tmp_path / "table", epochs=4)
    (skipped,) = report.skipped
    assert skipped.name == "configuration 00000001, trial 00000001"
    assert reason in skipped.reason
    assert report.kept == 5


def test_damaged_or_foreign_files_are_refused(small_table: Table, tmp_path: Path) -> None:
    def fails(name: str, content: bytes, message: str) -> None:
        (tmp_path / name).write_bytes(content)
        with pytest.raises(BenchmarkError, match=message):
            import_benchmark(tmp_path / name, "nni-db", tmp_path / "table")
        assert (tmp_path / name).read_bytes() == content, "the source is only read"
        assert not (tmp_path / "table").exists()

    export_nni_db(small_table, tmp_path / "nlp.db")
    whole = (tmp_path / "nlp.db").read_bytes()
    fails("half.db", whole[: len(whole) // 2], "cannot be read as NNI's nlp.db")
    fails("text.db", b"hello" * 1000, "cannot be read as NNI's nlp.db")
    fails("empty.db", b"", "has no table nlptrialconfig")
    with closing(sqlite3.connect(tmp_path / "view.db")) as database:
        database.execute("CREATE VIEW nlptrialconfig AS SELECT 1")
    fails("view.db", (tmp_path / "view.db").read_bytes(), "has no table nlptrialconfig")


def test_export_writes_whole_files_only(small_table: Table, tmp_path: Path) -> None:
    export_nni_db(small_table, tmp_path / "nlp.db")
    with pytest.raises(BenchmarkError, match="already exists"):
        export_nni_db(small_table, tmp_path / "nlp.db")
    export_nni_db(small_table, tmp_path / "nlp.db", overwrite=True)
    small_table.save(tmp_path / "table")
    program = f"""
import resource, sys
from pathlib import Path
from typing import Any
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.benchmarks.exporters import export_naslib_pickle, export_nni_db
from nni_nlp_bench.benchmarks.table import Table
table = Table.load(Path({str(tmp_path / "table")!r}))
resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200))
for export in (export_nni_db, export_naslib_pickle):
    try:
        export(table, Path({str(tmp_path)!r}, "new"))
        sys.exit("was written")
    except UserError as error:
        assert "cannot write" in str(error), error
"""
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["nlp.db", "table"]


def test_flat_form_distinguishes_ops_and_inputs_of_odd_names() -> None:
    text = json.dumps(
        {
            "a_op_op": "linear",
            "a_op_input_0": "x",
            "a_op_input_1": "h_prev_0",
            "b_input_0_op": "activation_tanh",
            "b_input_0_input_0": "a_op",
            "h_new_0_op": "activation_sigm",
            "h_new_0_input_0": "b_input_0",
        }
    )
    recipe = recipe_of_flat(text)
    assert [node.name for node in recipe.nodes] == ["a_op", "b_input_0", "h_new_0"]
    assert flat_architecture(recipe) == json.loads(text)
    for broken in ('{"a_input_0": "x"}', '{"a_op": "linear", "a_input_1": "x"}', "[]", "[" * 10**5):
        with pytest.raises(RecipeError):
            recipe_of_flat(broken)
