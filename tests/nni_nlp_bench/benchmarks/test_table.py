"""Tables: queries, errors, and atomic writes."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nni_nlp_bench.benchmarks.base import BenchmarkError, MissingArchitectureError
from nni_nlp_bench.benchmarks.table import Table
from nni_nlp_bench.benchmarks.table_info import table_info
from nni_nlp_bench.benchmarks.training_run import TrainingRun
from search_spaces.rnn_cell import published_recipe

RNN, LSTM, GRU = (published_recipe(1000000 + i) for i in range(3))
MakeRun = Callable[..., TrainingRun]


def test_final_result_is_the_first_run_after_the_last_epoch(small_table: Table) -> None:
    result = small_table.query(RNN)
    assert (result.train_loss, result.val_loss, result.test_loss) == pytest.approx((4.9, 5.0, 5.1))
    assert (result.epoch, result.wall_time_s, result.status) == (4, 8.0, "OK")
    assert (result.seed, result.origin, result.source) == (0, "measured", "small")


def test_seeds_follow_the_names_of_the_logs(small_table: Table) -> None:
    assert list(small_table.seeds(RNN)) == [0, 1]
    assert small_table.query(RNN, epoch=1, seed=0).val_loss == 6.0
    assert small_table.query(RNN, epoch=3, seed=1).val_loss == 4.25
    assert small_table.query(RNN, epoch=3, seed=1).wall_time_s == 6.0


def test_a_run_that_broke_off_says_how_far_it_came(small_table: Table) -> None:
    result = small_table.query(LSTM, epoch=4)
    assert (result.epoch, result.status, result.wall_time_s) == (2, "loss is nan!", 4.0)
    assert result.val_loss is not None and math.isnan(result.val_loss)
    assert small_table.query(LSTM, epoch=1).val_loss == 5.0
    assert len(small_table.curve(LSTM).val_loss) == 2


def test_a_run_that_failed_at_once_has_no_losses(small_table: Table) -> None:
    result = small_table.query(GRU)
    assert (result.train_loss, result.val_loss, result.test_loss) == (None, None, None)
    assert (result.epoch, result.status) == (0, "out of memory")
    assert math.isnan(result.wall_time_s)
    assert len(small_table.curve(GRU).val_loss) == 0


def test_curve_is_per_epoch_and_read_only(small_table: Table) -> None:
    curve = small_table.curve(RNN, seed=1)
    assert curve.val_loss.tolist() == [5.0, 4.5, 4.25, 4.75]
    assert curve.wall_time_s.tolist() == [2.0] * 4
    with pytest.raises(ValueError, match="read-only"):
        curve.val_loss[0] = 0.0


@pytest.mark.parametrize("epoch", [0, -1, 5])
def test_unknown_epoch_lists_what_exists(small_table: Table, epoch: int) -> None:
    with pytest.raises(BenchmarkError, match=f"no epoch {epoch}: it has 1 to 4"):
        small_table.query(RNN, epoch=epoch)


def test_unknown_seed_lists_what_exists(small_table: Table) -> None:
    for ask in (small_table.query, small_table.curve):
        with pytest.raises(BenchmarkError, match="no seed 2 of this architecture: it has 0, 1"):
            ask(RNN, seed=2)


def test_missing_architecture_names_the_remedies(small_table: Table) -> None:
    missing = published_recipe(1009000)
    assert missing not in small_table
    assert list(small_table.seeds(missing)) == []
    assert small_table.recipe_ids(missing) == ()
    with pytest.raises(MissingArchitectureError, match=r"surrogate.*nearest.*restrict.*import"):
        small_table.query(missing)


def test_architectures_stand_in_the_order_of_their_ids(small_table: Table) -> None:
    assert list(small_table.architectures()) == [RNN, LSTM, GRU, published_recipe(1000050)]
    assert len(small_table) == 4
    assert all(architecture in small_table for architecture in small_table.architectures())
    assert small_table.recipe_ids(RNN) == (1000000,)


def test_info_counts_and_takes_the_best_epoch_of_any_run(small_table: Table) -> None:
    info = table_info(small_table)
    assert (info.runs, info.distinct_ids, info.distinct_cells, info.ok) == (6, 4, 4, 4)
    assert info.other_statuses == {"loss is nan!": 1, "out of memory": 1}
    assert info.best_metric == pytest.approx(math.exp(1.1))
    assert info.best_architecture == LSTM.to_json()
    assert info.named_metric == pytest.approx({"rnn": math.exp(4.35), "lstm": math.exp(1.1)})


def test_one_loss_alone_is_the_objective_and_others_are_none(make_run: MakeRun) -> None:
    bare = {"train_loss": None, "val_loss": None, "wall_time_s": None}
    run = make_run(1000000, [5.0], **bare)
    table = Table.from_runs([run], name="final", space="rnn_cell", epochs=50, has_curves=False)
    result = table.query(RNN)
    assert (table.objective, result.epoch, result.val_loss) == ("test_loss", 50, None)
    assert result.test_loss == pytest.approx(5.1)
    assert math.isnan(result.wall_time_s)
    assert table.query(RNN, epoch=50).test_loss == result.test_loss
    with pytest.raises(BenchmarkError, match="no epoch 3: it holds epoch 50 only"):
        table.query(RNN, epoch=3)
    with pytest.raises(BenchmarkError, match="no curves"):
        table.curve(RNN)


def test_runs_that_do_not_fit_one_table_are_refused(make_run: MakeRun) -> None:
    def build(*runs: TrainingRun) -> Table:
        return Table.from_runs(runs, name="t", space="rnn_cell", epochs=2)

    whole = make_run(1000000, [5.0, 4.0])
    with pytest.raises(BenchmarkError, match="no runs"):
        build()
    with pytest.raises(BenchmarkError, match="3 epochs, at most 2"):
        build(make_run(1000001, [5.0, 4.0, 3.0]))
    with pytest.raises(BenchmarkError, match="must record the same"):
        build(whole, make_run(1000001, [5.0, 4.0], train_loss=None))
    with pytest.raises(BenchmarkError, match="one data set"):
        build(whole, make_run(1000001, [5.0, 4.0], dataset="wikitext-2"))
    with pytest.raises(BenchmarkError, match="epochs recorded differ"):
        make_run(1000001, [5.0, 4.0], val_loss=np.array([1.0]))


losses = st.floats(0.125, 20, width=64) | st.just(math.nan) | st.just(math.inf)
ragged = st.lists(
    st.tuples(
        st.integers(1000000, 1000009),
        st.lists(losses, max_size=6),
        st.sampled_from(["OK", "loss is nan!", "Zeit überschritten"]),
    ),
    min_size=1,
    max_size=12,
)


@given(ragged)
def test_ragged_runs_survive_saving(
    tmp_path_factory: pytest.TempPathFactory,
    make_run: MakeRun,
    entries: list[tuple[int, list[float], str]],
) -> None:
    runs = [
        make_run(recipe_id, values, status, name=f"log {i:02d}")
        for i, (recipe_id, values, status) in enumerate(entries)
    ]
    if not any(run.length for run in runs):
        return
    table = Table.from_runs(runs, name="ragged", space="rnn_cell", epochs=6)
    folder = tmp_path_factory.mktemp("ragged") / "table"
    table.save(folder)
    loaded = Table.load(folder)
    assert loaded.metadata == table.metadata
    seen = dict.fromkeys((run.architecture for run in runs), 0)
    for run in sorted(runs, key=lambda run: (run.recipe_id, run.name)):
        seed = seen[run.architecture]
        seen[run.architecture] += 1
        curve = loaded.curve(run.architecture, seed)
        for name, values in run.recorded():
            np.testing.assert_array_equal(getattr(curve, name), values)
        assert curve.status == run.status
        assert loaded.query(run.architecture, seed=seed).epoch == run.length
    assert {a: len(loaded.seeds(a)) for a in loaded.architectures()} == seen


@pytest.fixture
def saved(small_table: Table, tmp_path: Path) -> Path:
    small_table.save(tmp_path / "table")
    return tmp_path / "table"


@pytest.mark.parametrize("file", ["test_loss", "keys", "recipes", "first_run", "statuses"])
@pytest.mark.parametrize("keep", [0, 5, 100, -8])
def test_truncated_array_is_named(saved: Path, file: str, keep: int) -> None:
    path = saved / f"{file}.npy"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(BenchmarkError, match=rf"{file}\.npy is damaged.*import .* again"):
        Table.load(saved)


def test_missing_wrong_or_pickled_array_is_named(saved: Path) -> None:
    path = saved / "val_loss.npy"
    np.save(path, np.zeros((2, 4)))
    with pytest.raises(BenchmarkError, match=r"val_loss\.npy holds .* expected float64 \(6, 4\)"):
        Table.load(saved)
    np.save(path, np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(BenchmarkError, match=r"val_loss\.npy is damaged"):
        Table.load(saved)
    path.unlink()
    with pytest.raises(BenchmarkError, match=r"val_loss\.npy is missing"):
        Table.load(saved)


@pytest.mark.parametrize("file", ["first_run", "recipe_ends", "epochs_done", "statuses"])
def test_indices_out_of_range_are_named(saved: Path, file: str) -> None:
    values = np.load(saved / f"{file}.npy")
    values[-1] += 1_000_000
    np.save(saved / f"{file}.npy", values)
    with pytest.raises(BenchmarkError, match=rf"{file}\.npy is damaged \(out of range\)"):
        Table.load(saved)


def change_metadata(folder: Path, **changes: object) -> None:
    file = folder / "metadata.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


def test_damaged_texts_are_named(saved: Path) -> None:
    for file, message in (("recipes", "architecture 0 of small is damaged"), ("keys", "damaged")):
        values = np.load(saved / f"{file}.npy")
        values.view(np.uint8)[3] = 255
        np.save(saved / f"{file}.npy", values)
        with pytest.raises(BenchmarkError, match=message):
            Table.load(saved).architectures()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format_version": 3}, "format version 3, this program reads 1 to 2"),
        ({"format": "other"}, "does not describe a table"),
        ({"epochs": "4"}, "is damaged"),
        ({"runs": -1}, "is damaged"),
        ({"recorded": ["../../val_loss"]}, "is damaged"),
        ({"recorded": [[]]}, "is damaged"),
        ({"surplus": 1}, "is damaged"),
        ({"runs": 7}, "holds"),
        ({"metrics": [{"name": "latency"}]}, "is damaged"),
    ],
)
def test_wrong_metadata_is_refused(saved: Path, changes: dict[str, object], message: str) -> None:
    change_metadata(saved, **changes)
    with pytest.raises(BenchmarkError, match=message):
        Table.load(saved)


@pytest.mark.parametrize(
    ("file", "value"),
    [("test_loss", -3.0), ("val_loss", 1e308), ("wall_time_s", -1.0), ("num_params", -2)],
)
def test_impossible_values_are_refused(saved: Path, file: str, value: float) -> None:
    values = np.load(saved / f"{file}.npy")
    values[:] = value
    np.save(saved / f"{file}.npy", values)
    with pytest.raises(BenchmarkError, match=rf"{file}\.npy is damaged \(out of range\)"):
        Table.load(saved)


def test_equal_keys_are_refused(saved: Path) -> None:
    keys = np.load(saved / "keys.npy")
    keys[:] = keys[0]
    np.save(saved / "keys.npy", keys)
    with pytest.raises(BenchmarkError, match=r"keys\.npy is damaged"):
        Table.load(saved)


@pytest.mark.parametrize(
    "header",
    [
        "(" * 5_000,
        "{'descr': 'S32', 'fortran_order': False, 'shape': (3",
        "{'descr': '<i8', 'fortran_order': False, 'shape': (-1,), }",
        f"{{'descr': '<i8', 'fortran_order': False, 'shape': ({2**70},), }}",
    ],
)
def test_damaged_headers_of_arrays_are_refused(saved: Path, header: str) -> None:
    text = header.encode() + b"\n"
    start = b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little")
    (saved / "keys.npy").write_bytes(start + text)
    with pytest.raises(BenchmarkError, match=r"keys\.npy is damaged"):
        Table.load(saved)


def test_missing_or_broken_metadata_is_refused(saved: Path) -> None:
    (saved / "metadata.json").write_text("{")
    with pytest.raises(BenchmarkError, match=r"metadata\.json is not valid JSON"):
        Table.load(saved)
    (saved / "metadata.json").unlink()
    with pytest.raises(BenchmarkError, match="is not a table"):
        Table.load(saved)


def test_keys_of_another_canonical_form_are_noticed(saved: Path) -> None:
    change_metadata(saved, canonical_form="igraph 0.1")
    assert RNN in Table.load(saved), "another version that gives the same keys is no error"
    keys = np.load(saved / "keys.npy")
    np.save(saved / "keys.npy", keys[::-1])
    with pytest.raises(BenchmarkError, match=r"imported with igraph 0\.1, whose keys differ"):
        Table.load(saved).query(RNN)


def test_only_tables_are_replaced_and_only_with_overwrite(small_table: Table, saved: Path) -> None:
    with pytest.raises(BenchmarkError, match="already holds a table"):
        small_table.save(saved)
    small_table.save(saved, overwrite=True)
    assert len(Table.load(saved)) == 4
    foreign = saved.parent / "foreign"
    foreign.mkdir()
    small_table.save(foreign)
    (foreign / "metadata.json").write_text("{}")
    with pytest.raises(BenchmarkError, match="holds other files"):
        small_table.save(foreign, overwrite=True)
    with pytest.raises(BenchmarkError, match="is a file"):
        small_table.save(foreign / "keys.npy", overwrite=True)


def test_the_digest_is_that_of_the_results(small_table: Table, saved: Path) -> None:
    assert Table.load(saved).digest == small_table.digest

    def changed(loss: float = 0, **changes: Any) -> str:
        arrays = {name: values.copy() for name, values in small_table.arrays.items()}
        arrays["val_loss"][-1, 0] += loss
        return Table(replace(small_table.metadata, **changes), arrays).digest

    assert changed(description="in other words", name="other") == small_table.digest
    assert len({small_table.digest, changed(loss=1e-9), changed(epochs=51)}) == 3


def test_two_at_once_leave_one_whole_table(small_table: Table, tmp_path: Path) -> None:
    def save(overwrite: bool) -> str:
        try:
            small_table.save(tmp_path / "table", overwrite=overwrite)
        except BenchmarkError as error:
            return str(error)
        return "saved"

    with ThreadPoolExecutor(8) as pool:
        first = list(pool.map(save, [False] * 8))
        assert first.count("saved") == 1
        assert all("already holds a table" in line for line in first if line != "saved")
        assert "saved" in list(pool.map(save, [True] * 8))
    assert len(Table.load(tmp_path / "table")) == 4
    assert [path.name for path in tmp_path.iterdir()] == ["table"], "no temporary folder is left"


def test_full_disk_leaves_the_old_table_and_nothing_else(saved: Path) -> None:
    program = f"""
import resource, sys
from pathlib import Path
from nni_nlp_bench.benchmarks.base import BenchmarkError
from nni_nlp_bench.benchmarks.table import Table
table = Table.load(Path({str(saved)!r}))
resource.setrlimit(resource.RLIMIT_FSIZE, (300, 300))
for target, overwrite in (({str(saved)!r}, True), ({str(saved.parent / "new")!r}, False)):
    try:
        table.save(Path(target), overwrite=overwrite)
        sys.exit("was saved")
    except BenchmarkError as error:
        assert "cannot write" in str(error), error
"""
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stderr
    assert [path.name for path in saved.parent.iterdir()] == ["table"]
    assert len(Table.load(saved)) == 4
