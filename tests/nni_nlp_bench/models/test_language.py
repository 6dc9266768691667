"""Language models after they were saved, copied and loaded: losses and generated texts."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from shutil import move

import pytest
import torch
from trained_models import LANGUAGE_MODELS, WINDOW, TrainedLanguageModel

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.data.corpus import EOS, UNKNOWN, Corpus
from nni_nlp_bench.models.language import LanguageModel, TextLoss
from nni_nlp_bench.models.loading import load_classifier, load_model

EVERY_KIND = pytest.mark.parametrize("kind", LANGUAGE_MODELS)
CELLS = pytest.mark.parametrize("kind", ["rnn_cell", "enas_cell"])
Models = Callable[[str], TrainedLanguageModel]
Folders = Callable[[str], Path]


def load(folder: Path) -> LanguageModel:
    model = load_model(folder)
    assert isinstance(model, LanguageModel)
    return model


def text_of(corpus: Corpus) -> str:
    """The valid part as a text."""
    words = " ".join(corpus.vocabulary[i] for i in corpus.valid)
    return "\n".join(line.strip() for line in words.removesuffix(EOS).split(EOS))


def token_losses(model: LanguageModel, ids: list[int], window: int) -> list[float]:
    """Losses of tokens after `<eos>`, each from the words before it in its window."""
    inputs = [model.words.index(EOS), *ids[:-1]]
    found = []
    for i, target in enumerate(ids):
        context = torch.tensor(inputs[i - i % window : i + 1])[:, None]
        with torch.inference_mode():
            outputs = model.model(context).raw[-1]
            found.append(-model.model.log_probabilities(outputs)[0, target].item())
    return found


@EVERY_KIND
def test_a_copy_elsewhere_has_the_same_loss(
    kind: str, language_model: Models, copied: Folders, tmp_path: Path
) -> None:
    trained = language_model(kind)
    move(copied(kind), tmp_path / "elsewhere")
    model = load(tmp_path / "elsewhere")
    assert not model.model.training
    assert model.words == trained.corpus.vocabulary
    found = model.evaluate(text_of(trained.corpus))
    assert (found.tokens, found.unknown) == (len(trained.corpus.valid), 0)
    # The training evaluates the same text without its first token.
    first = token_losses(model, trained.corpus.valid[:1].tolist(), WINDOW)[0]
    rest = (found.tokens * found.loss - first) / (found.tokens - 1)
    assert rest == pytest.approx(trained.curves.val_losses[-1], rel=0.05)
    weights = dict(trained.model.state_dict())
    for name, weight in model.model.state_dict().items():
        assert torch.equal(weight, weights[name])


@EVERY_KIND
def test_the_model_card_describes_it(kind: str, saved: Folders) -> None:
    card = (saved(kind) / "README.md").read_text("utf-8")
    for text in ("Language model", "counting", "valid loss", "model.generate", "bptt"):
        assert text in card


@CELLS
def test_the_loss_of_a_cell_does_not_depend_on_windows(
    kind: str, language_model: Models, saved: Folders
) -> None:
    model, corpus = load(saved(kind)), language_model(kind).corpus
    wanted = token_losses(model, corpus.valid.tolist(), 10**6)
    loss = model.evaluate(text_of(corpus)).loss
    assert loss == pytest.approx(math.fsum(wanted) / len(wanted), rel=1e-5)


def test_gpt2_sees_one_window_at_a_time(language_model: Models, saved: Folders) -> None:
    model, corpus = load(saved("gpt2")), language_model("gpt2").corpus
    wanted = token_losses(model, corpus.valid.tolist(), WINDOW)
    loss = model.evaluate(text_of(corpus)).loss
    assert loss == pytest.approx(math.fsum(wanted) / len(wanted), rel=1e-5)


@EVERY_KIND
def test_lines_and_unknown_words(kind: str, saved: Folders) -> None:
    model = load(saved(kind))
    unknown = model.evaluate("w1 zebra w2\r\n\nw3\n")
    assert (unknown.tokens, unknown.unknown) == (7, 1)  # `<eos>` after three lines
    assert unknown.loss == model.evaluate(f"w1   {UNKNOWN} w2\n\n w3").loss
    assert model.perplexity("w1 w2") == pytest.approx(math.exp(model.evaluate("w1 w2").loss))
    for empty in ("", " \n\t\n"):
        with pytest.raises(UserError, match="the text is empty"):
            model.evaluate(empty)


def test_a_perplexity_beyond_floats_is_infinite() -> None:
    assert TextLoss(1e6, 1, 0).perplexity == math.inf


def test_a_vocabulary_without_unknown_words(saved: Folders) -> None:
    model = load(saved("rnn_cell"))
    words = tuple("known" if word == UNKNOWN else word for word in model.words)
    smaller = LanguageModel(model.manifest, model.model, words, WINDOW)
    for use in (smaller.evaluate, smaller.generate):
        with pytest.raises(UserError, match="neither 'zebra' nor <unk>"):
            use("w1 zebra")


@EVERY_KIND
def test_the_seed_decides_a_text(kind: str, saved: Folders) -> None:
    model, other = load(saved(kind)), load(saved(kind))
    texts = [model.generate("w1", n_words=40, seed=seed) for seed in (0, 1, 0)]
    assert texts[0] == texts[2] == other.generate("w1", n_words=40)
    assert texts[0] != texts[1]
    words = texts[0].replace("\n", f" {EOS} ").split()
    assert set(words) <= set(model.words)
    assert model.generate("", n_words=5, temperature=2.0)
    assert len(model.generate("w1", n_words=1, top_k=10**9).split()) <= 1


@EVERY_KIND
def test_the_most_probable_words(kind: str, saved: Folders) -> None:
    """Longer than the window."""
    model = load(saved(kind))
    greedy = model.generate("w1 w2", n_words=3 * WINDOW, temperature=0, seed=3)
    assert model.generate("w1 w2", n_words=3 * WINDOW, top_k=1, seed=4) == greedy
    for temperature in (1e-6, 1e-300):
        cold = model.generate("w1 w2", n_words=3 * WINDOW, temperature=temperature)
        assert cold == greedy
    assert len(greedy.replace("\n", f" {EOS} ").split()) >= 2 * WINDOW


@EVERY_KIND
@pytest.mark.parametrize("length", [1, WINDOW - 1, WINDOW, 2 * WINDOW + 1])
def test_the_next_word_is_the_most_probable_one_after_the_prompt(
    kind: str, length: int, saved: Folders
) -> None:
    model = load(saved(kind))
    words = [f"w{(3 * i) % 9}" for i in range(length)]
    ids = [model.words.index(word) for word in (EOS, *words)]
    if kind == "gpt2":
        ids = ids[-WINDOW:]
    with torch.inference_mode():
        states, outputs = None, None
        first = (len(ids) - 1) % WINDOW + 1
        for end in range(first, len(ids) + 1, WINDOW):
            window = torch.tensor(ids[max(0, end - WINDOW) : end])[:, None]
            outputs = model.model(window, states)
            states = outputs.states or None
        assert outputs is not None
        likely = int(model.model.log_probabilities(outputs.raw[-1])[0].argmax())
    wanted = "" if model.words[likely] == EOS else model.words[likely]
    assert model.generate(" ".join(words), n_words=1, temperature=0) == wanted


@CELLS
def test_a_cell_remembers_a_prompt_longer_than_the_window(kind: str, saved: Folders) -> None:
    """The distribution is that after one run over all of it."""
    model = load(saved(kind))
    ids = [model.words.index(f"w{i % 9}") for i in range(4 * WINDOW + 2)]
    with torch.inference_mode():
        whole = model.model(torch.tensor(ids)[:, None])
        wanted = model.model.log_probabilities(whole.raw[-1])[0]
        found = next(model._next_words(ids))
        short = next(model._next_words(ids[-WINDOW:]))
    torch.testing.assert_close(found, wanted, rtol=0, atol=1e-5)
    assert (short - wanted).abs().max() > 1e-5


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"n_words": 0}, "n_words must be between 1 and 1,000,000"),
        ({"n_words": 10**9}, "n_words must be between 1 and 1,000,000"),
        ({"top_k": 0}, "top_k at least 1"),
        ({"temperature": -1.0}, "temperature must be 0 or above and finite"),
        ({"temperature": math.nan}, "temperature must be 0 or above and finite"),
        ({"temperature": math.inf}, "temperature must be 0 or above and finite"),
        ({"seed": -1}, "a seed must be between 0"),
        ({"seed": 2**64}, "a seed must be between 0"),
    ],
)
def test_impossible_values(values: dict[str, float], fault: str, saved: Folders) -> None:
    with pytest.raises(UserError, match=fault):
        load(saved("rnn_cell")).generate("w1", **values)


def test_a_language_model_predicts_no_labels(saved: Folders) -> None:
    with pytest.raises(UserError, match="is a language model: it predicts no labels"):
        load_classifier(saved("rnn_cell"))
