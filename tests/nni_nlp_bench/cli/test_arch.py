"""`arch`: output and errors."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from nni_nlp_bench.cli.app import app
from search_spaces.registry import get_space
from search_spaces.rnn_cell import Recipe
from search_spaces.rnn_cell.published import named_recipe, published_recipe

LSTM = named_recipe("lstm")


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["arch", *map(str, arguments)])


def refused(result: Result) -> str:
    """Return the error message of a failed command."""
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    return result.stderr


def shown(*arguments: object) -> dict[str, object]:
    result = call("show", *arguments, "--json")
    assert result.exit_code == 0, result.stderr
    value = json.loads(result.stdout)
    assert isinstance(value, dict)
    return value


def test_show_json_of_the_lstm() -> None:
    output = shown("--space", "rnn_cell", "--architecture", "lstm")
    assert Recipe.from_json(json.dumps(output["architecture"])) == LSTM
    assert output["canonical_key"] == LSTM.canonical_key
    assert (output["space"], output["nodes"]) == ("rnn_cell", 13)
    counts = output["op_counts"]
    assert isinstance(counts, dict)
    assert counts["linear"] == 4
    assert sum(counts.values()) == 13
    # 10,000 x 400 embedding, 10,000 biases, and three LSTM layers with one bias per gate
    layers = ((400, 600), (600, 600), (600, 400))
    cells = sum(4 * hidden * (width + hidden + 1) for width, hidden in layers)
    assert output["parameters"] == 4_010_000 + cells


def test_architecture_by_id_json_or_file(tmp_path: Path) -> None:
    recipe = published_recipe(1004000)
    file = tmp_path / "cell.json"
    file.write_text(recipe.to_json(), "utf-8")
    keys = {
        shown("--architecture", text)["canonical_key"]
        for text in ("1004000", recipe.to_json(), recipe.canonical.to_json(), file)
    }
    assert keys == {recipe.canonical_key}


def test_published_names_take_precedence_over_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lstm").write_text("rnn", "utf-8")
    assert shown("--architecture", "lstm")["canonical_key"] == LSTM.canonical_key
    assert shown("--architecture", "./lstm")["canonical_key"] != LSTM.canonical_key


@pytest.mark.parametrize("width", [80, 120])
def test_show_fits_the_terminal_without_truncation(
    width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    result = call("show", "--architecture", "lstm")
    assert result.exit_code == 0
    assert max(map(len, result.stdout.splitlines())) <= width
    assert "…" not in result.stdout
    rows = [line.split(maxsplit=2) for line in result.stdout.splitlines()]
    parts = {row[0]: [word.strip() for word in row[1:]] for row in rows if row}
    for node in LSTM.nodes:
        assert parts[node.name] == [node.op, ", ".join(node.inputs)]


def test_check_of_a_valid_architecture() -> None:
    result = call("check", "--architecture", "gru")
    assert result.exit_code == 0
    assert result.stdout.startswith("valid")
    result = call("check", "--architecture", "gru", "--json")
    assert json.loads(result.stdout) == {
        "valid": True,
        "space": "rnn_cell",
        "canonical_key": named_recipe("gru").canonical_key,
    }


def test_check_reports_the_violated_rule() -> None:
    cyclic = LSTM.to_json().replace('"input": ["i"]', '"input": ["i_act"]')
    assert "part of a cycle" in refused(call("check", "--architecture", cyclic))
    result = call("check", "--architecture", cyclic, "--json")
    assert result.exit_code == 2
    answer = json.loads(result.stdout)
    assert answer["valid"] is False
    assert "part of a cycle" in answer["broken_rule"]


def test_error_for_unknown_name_lists_known_ones() -> None:
    assert "known: rnn, lstm, gru, an id" in refused(call("show", "--architecture", "lstn"))
    assert "unknown architecture 'aaa" in refused(call("show", "--architecture", "a" * 5000))
    assert "too long" in refused(call("show", "--architecture", "a" * 5000 + ".json"))
    unknown = call("show", "--space", "cnn", "--architecture", "lstm")
    assert "known: " in refused(unknown)
    assert "rnn_cell" in unknown.stderr


@pytest.mark.parametrize("verb", ["show", "check"])
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"\x80\x04\x95\xff\x00", "not UTF-8 text"),
        (b"x" * 1_000_001, "too large"),
        (b"[" * 100_000, "must be JSON|unknown architecture"),
        (b'{"h_new_0": {"op": "linear"', "must be JSON"),
        (b'{"h_new_0": {"op": "linear", "input": ["x", "y"]}}', "unknown input 'y'"),
        (b'{"\\u001b[31m": {"op": "linear", "input": ["x"]}}', "h_new_0"),
    ],
)
def test_error_for_invalid_file(tmp_path: Path, verb: str, content: bytes, reason: str) -> None:
    file = tmp_path / "cell.json"
    file.write_bytes(content)
    line = refused(call(verb, "--architecture", file))
    assert any(words in line for words in reason.split("|"))
    assert line.startswith(f"error: {file}")
    assert len(line) < 1000
    assert line.removesuffix("\n").isprintable()


def test_error_for_missing_file_and_folder(tmp_path: Path) -> None:
    assert "No such file" in refused(call("show", "--architecture", tmp_path / "none.json"))
    assert "is a folder" in refused(call("show", "--architecture", tmp_path))


def test_error_for_missing_output_folder(tmp_path: Path) -> None:
    folder = refused(call("draw", "--architecture", "lstm", "--out", tmp_path))
    assert f"{tmp_path} is a folder" in folder
    out = tmp_path / "none" / "lstm.png"
    assert f"cannot write {out}" in refused(call("draw", "--architecture", "lstm", "--out", out))


def test_parameters_for_given_sizes() -> None:
    published = ("--space", "textnas", "--architecture", "published")
    output = shown(*published)
    assert (output["layers"], output["skips"], output["parameters"]) == (24, 101, 6_138_650)
    counts = output["op_counts"]
    assert isinstance(counts, dict)
    assert (counts["conv7"], counts["attention"]) == (5, 4)
    output = shown(*published, "--size", "classes=5, width=256")
    assert (output["classes"], output["width"], output["parameters"]) == (5, 256, 6_139_421)


@pytest.mark.parametrize(
    ("size", "reason"),
    [
        ("depth=3", "unknown size 'depth'; known: vectors, width, classes"),
        ("width=0", "width must be between 1"),
        ("width", "'width' is not a size such as width=256"),
        ("", "'' is not a size"),
        ("=3", "'=3' is not a size"),
        ("width=-3", "'width=-3' is not a size"),
        ("width=" + "9" * 9999, "is not a size"),
        ("width=3,width=4", "width is given twice"),
    ],
)
def test_error_for_invalid_size(size: str, reason: str) -> None:
    line = refused(
        call("show", "--space", "textnas", "--architecture", "published", "--size", size)
    )
    assert reason in line
    assert len(line) < 200


def test_error_for_size_in_a_space_of_fixed_sizes() -> None:
    assert "have fixed sizes" in refused(
        call("show", "--architecture", "lstm", "--size", "width=3")
    )


def test_layers_are_table_rows() -> None:
    result = call("show", "--space", "textnas", "--architecture", "published")
    rows = [line.split(maxsplit=3) for line in result.stdout.splitlines()]
    assert ["layer", "distance", "op", "skips"] in [[w.strip() for w in row] for row in rows]
    assert ["8", "3", "max_pool3", "1, 3, 4, 6, 7"] in [[w.strip() for w in row] for row in rows]


def test_layers_in_addition_to_other_fields_are_table_rows() -> None:
    result = call("show", "--space", "encoder", "--architecture", "1")
    rows = [line.split() for line in result.stdout.splitlines()]
    fields = ["operation", "parameter", "heads", "feed_forward", "feed_forwards"]
    assert ["layer", *fields] in rows
    assert ["2", "DSC", "9", "4", "512", "3"] in rows
    assert ["hidden_size", "256"] in rows


def test_arc_text_from_argument_or_file(tmp_path: Path) -> None:
    text = "0 5 | 1 7 0 | 1 3 0 1"
    file = tmp_path / "arc.txt"
    file.write_text(text.replace(" | ", "\n"), "utf-8")
    keys = {
        shown("--space", "textnas", "--architecture", given)["canonical_key"]
        for given in (text, text.replace("|", ""), file)
    }
    assert len(keys) == 1
    for given in (text, file):
        result = call("check", "--space", "textnas", "--architecture", given)
        assert result.stdout.startswith("valid")
        out = tmp_path / "arc.svg"
        assert call("draw", "--space", "textnas", "--architecture", given, "--out", out).stdout
        assert out.read_bytes().startswith(b"<?xml")
    broken = refused(call("check", "--space", "textnas", "--architecture", "0 5 | 9 7 0"))
    assert "layer 1: the distance in an arc text is 0 to 4" in broken


def test_a_list_of_a_release_from_argument_or_file(tmp_path: Path) -> None:
    file = tmp_path / "cell.txt"
    file.write_text("[[1,0],[1,0,0],[1,0,0,0]]\n", "utf-8")
    for given in ("[[1,0],[1,0,0],[1,0,0,0]]", file):
        output = shown("--space", "asr_cell", "--architecture", given)
        assert output["parameters"] == 26_338_848
        assert output["release_hash"] == "36855332a5778e0df5114305bc3ce238"
    small = ("--space", "asr_cell", "--architecture", file, "--size", "groups=1,classes=40")
    assert shown(*small)["groups"] == 1
    broken = refused(call("show", "--space", "asr_cell", "--architecture", "[[1,0]]"))
    assert "a cell's list must look like [[1, 0], [1, 0, 0], [1, 0, 0, 0]]" in broken


def test_samples_are_json_lines(tmp_path: Path) -> None:
    printed = call("sample", "--space", "textnas", "--count", 3, "--seed", 7)
    assert (printed.exit_code, printed.stderr) == (0, "")
    space, rng = get_space("textnas"), np.random.default_rng(7)
    lines = printed.stdout.splitlines()
    assert [space.parse(line) for line in lines] == [space.sample(rng) for _ in range(3)]
    out = tmp_path / "some.jsonl"
    written = call("sample", "--space", "textnas", "--count", 3, "--seed", 7, "--out", out)
    assert (written.exit_code, written.stdout) == (0, "")
    assert out.read_text("utf-8") == printed.stdout
    assert "unknown search space 'magic'" in refused(call("sample", "--space", "magic"))
