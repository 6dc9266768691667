"""Trained models are loaded from folders; invalid ones are errors."""

from __future__ import annotations

import io
import pickle
import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.data.corpus import Corpus
from nni_nlp_bench.training.language_model import LanguageModel
from nni_nlp_bench.training.log import Curves
from nni_nlp_bench.training.run import CHECKPOINT, VOCABULARY, train
from nni_nlp_bench.training.settings import DROPOUTS, Settings, Sizes, WeightDrop
from nni_nlp_bench.training.trained import TrainedModel
from search_spaces.enas_cell.published import published_cell
from search_spaces.rnn_cell import Recipe
from search_spaces.rnn_cell.published import named_recipe

LSTM = named_recipe("lstm")
COLUMNS = 3
WORDS = ("caf\u00e9", "<unk>", "it", "'s", "N", "\u6f22", "#", "na\u00efve")
AGAIN = "; run the same training again, which writes them anew"


def settings(weight_drop: WeightDrop = "trained", epochs: int = 2) -> Settings:
    return Settings(
        epochs=epochs,
        sizes=Sizes(10, 14, 2),
        dropouts=DROPOUTS["none"],
        weight_drop=weight_drop,
        batch_size=4,
        eval_batch_size=COLUMNS,
        bptt=12,
        learning_rate=0.05,
    )


def text() -> Corpus:
    """Lines of words in one fixed cycle, each from another word on."""
    lines = [[WORDS[(i + k) % len(WORDS)] for k in range(7)] for i in range(60)]
    return Corpus.of("cycle", {"train": lines[:40], "valid": lines[40:50], "test": lines[50:]})


@pytest.fixture(scope="module")
def trained_once(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Curves]:
    out = tmp_path_factory.mktemp("trained")
    return out, train(LSTM, text(), settings(), out)


@pytest.fixture
def folder(trained_once: tuple[Path, Curves], tmp_path: Path) -> Path:
    """A copy of one training, to be damaged."""
    return Path(shutil.copytree(trained_once[0], tmp_path / "copy"))


def loss_of(model: TrainedModel, ids: NDArray[np.int64]) -> float:
    """Mean cross-entropy in nats, of outputs and embeddings alone, by NumPy."""
    rows = ids[: len(ids) // COLUMNS * COLUMNS].reshape(COLUMNS, -1).T
    bias = model.model.decoder_bias.detach().double().numpy()
    logits = model.outputs(rows[:-1]) @ model.embeddings.T + bias
    of_targets = np.take_along_axis(logits, rows[1:, :, None], axis=2)[..., 0]
    return float((np.log(np.exp(logits).sum(axis=2)) - of_targets).mean())


@pytest.mark.parametrize("weight_drop", ["release", "trained"])
def test_outputs_and_embeddings_give_the_logged_losses(
    tmp_path: Path, weight_drop: WeightDrop
) -> None:
    corpus = text()
    curves = train(LSTM, corpus, settings(weight_drop), tmp_path)
    model = TrainedModel.load(tmp_path)
    assert loss_of(model, corpus.valid) == pytest.approx(curves.val_losses[-1], rel=1e-5)
    assert loss_of(model, corpus.test) == pytest.approx(curves.test_losses[-1], rel=1e-5)
    assert curves.val_losses[-1] < curves.val_losses[0] - 0.1, "the epochs can be told apart"


def test_it_is_the_model_of_the_checkpoint(folder: Path) -> None:
    state = torch.load(folder / CHECKPOINT, weights_only=True)["model"]
    own = LanguageModel(LSTM, len(text().vocabulary), Sizes(10, 14, 2))
    own.load_state_dict(state)
    loaded = TrainedModel.load(folder)
    tokens = np.arange(8, dtype=np.int64).reshape(4, 2)
    expected = own.eval()(torch.from_numpy(tokens)).raw.detach().numpy()
    assert loaded.outputs(tokens).dtype == np.float64
    assert loaded.outputs(tokens) == pytest.approx(expected, abs=1e-12)
    assert np.array_equal(loaded.embeddings, state["embedding"].numpy())


def test_a_cell_of_enas_is_loaded_as_well(tmp_path: Path) -> None:
    corpus = text()
    curves = train(published_cell("enas_ptb"), corpus, settings(), tmp_path)
    loaded = TrainedModel.load(tmp_path)
    assert loss_of(loaded, corpus.valid) == pytest.approx(curves.val_losses[-1], rel=1e-5)


def test_words_are_in_the_order_of_the_corpus(folder: Path) -> None:
    corpus, loaded = text(), TrainedModel.load(folder)
    assert loaded.vocabulary == corpus.vocabulary
    assert loaded.vocabulary[:3] == WORDS[:3]
    assert len(loaded.embeddings) == len(loaded.vocabulary) == 9, "eight words and <eos>"
    assert (loaded.corpus, loaded.epochs, loaded.status) == ("cycle", 2, "OK")


def test_an_output_depends_on_earlier_ids_of_its_column_alone(folder: Path) -> None:
    loaded = TrainedModel.load(folder)
    tokens = np.array([[0, 1], [2, 3], [4, 5]], dtype=np.int64)
    whole, changed = loaded.outputs(tokens), tokens.copy()
    changed[2, 0] = 6
    other = loaded.outputs(changed)
    assert np.array_equal(other[:2], whole[:2])
    assert other[:, 1] == pytest.approx(whole[:, 1], abs=1e-6)
    assert not np.allclose(other[2, 0], whole[2, 0])
    assert loaded.outputs(tokens[:, 1:])[:, 0] == pytest.approx(whole[:, 1], abs=1e-6)


def test_a_training_that_broke_off_says_so(tmp_path: Path) -> None:
    growing = Recipe.from_json(
        {
            "l": {"op": "linear", "input": ["x", "h_prev_0"]},
            "s": {"op": "elementwise_sum", "input": ["l"] * 8},
            "p": {"op": "elementwise_prod", "input": ["s", "s", "s"]},
            "h_new_0": {"op": "elementwise_prod", "input": ["p", "s"]},
        }
    )
    curves = train(growing, text(), settings(), tmp_path)
    loaded = TrainedModel.load(tmp_path)
    assert loaded.status == curves.status == "loss is nan!"
    assert np.isnan(loaded.embeddings).any()


def refusal(folder: Path) -> str:
    """The one line that loading the folder ends with."""
    with pytest.raises(UserError) as caught:
        TrainedModel.load(folder)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_a_folder_without_a_model_is_an_error(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "absent"):
        expected = f"{place} has no trained model: give the output folder of a training"
        assert refusal(place) == expected


def test_an_invalid_vocabulary_is_an_error(folder: Path) -> None:
    path = folder / VOCABULARY
    words = path.read_text("utf-8")
    path.write_text(words.partition("\n")[2], "utf-8")
    assert refusal(folder) == f"{path} has 8 words, the model has 9{AGAIN}"
    path.write_text(words + "more\n", "utf-8")
    assert refusal(folder) == f"{path} has 10 words, the model has 9{AGAIN}"
    path.write_bytes(words.encode("latin-1", "replace"))
    message = refusal(folder)
    assert message.startswith(f"the model's words: {path}:1: not UTF-8 text")
    assert message.endswith(AGAIN)
    path.unlink()
    missing = f"the model's words: cannot read {path}: No such file or directory{AGAIN}"
    assert refusal(folder) == missing


def test_the_same_training_writes_the_words_anew(folder: Path) -> None:
    (folder / VOCABULARY).unlink()
    train(LSTM, text(), settings(), folder, progress=lambda _: pytest.fail("trained"))
    assert TrainedModel.load(folder).vocabulary == text().vocabulary


def saved(value: Any) -> bytes:
    stream = io.BytesIO()
    torch.save(value, stream)
    return stream.getvalue()


def zipped(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "File is not a zip file"),
        (b"hello\n", "File is not a zip file"),
        (saved([1, 2]), "not a checkpoint of a training"),
        (saved({"weight": torch.zeros(3)}), "not a checkpoint of a training"),
        (saved({"identity": 1, "curves": 2, "model": 3}), "argument of type 'int' is not iterable"),
        (saved({"identity": {"recipe": "x"}, "curves": {}, "model": {}}), "'embedding'"),
        (zipped({"hello.txt": b"x"}), "[enforce fail at"),
        (
            zipped(
                {"a/data.pkl": pickle.dumps(print), "a/version": b"3", "a/byteorder": b"little"}
            ),
            "Weights only load failed",
        ),
    ],
)
def test_a_file_that_is_not_a_checkpoint_is_an_error(
    folder: Path, content: bytes, reason: str
) -> None:
    path = folder / CHECKPOINT
    path.write_bytes(content)
    message = refusal(folder)
    assert message.startswith(f"{path} is damaged ({reason}")
    assert message.endswith("); delete it to start over")


def test_the_checkpoint_of_a_classifier_is_an_error(folder: Path) -> None:
    state = {"identity": {"network": "x"}, "curves": {}, "model": {}}
    (folder / CHECKPOINT).write_bytes(saved(state))
    assert refusal(folder).endswith("no language model: give the output folder of `train lm`")


def test_a_truncated_or_corrupt_checkpoint_is_an_error(folder: Path) -> None:
    """The bit is one of a weight: what torch reads without a complaint."""
    path = folder / CHECKPOINT
    whole = path.read_bytes()
    weights = TrainedModel.load(folder).model.embedding.detach().numpy().tobytes()
    place = whole.index(weights) + len(weights) // 2
    wrong = bytearray(whole)
    wrong[place] ^= 1
    for content in (whole[: len(whole) // 2], whole[:-1], bytes(wrong)):
        path.write_bytes(content)
        message = refusal(folder)
        assert message.startswith(f"{path} is damaged (")
        assert message.endswith("); delete it to start over")
    assert "wrong checksum" in message
    with pytest.raises(UserError, match="is damaged"):
        train(LSTM, text(), settings(epochs=3), folder)
