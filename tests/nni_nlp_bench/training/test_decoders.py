"""Trainings of decoders by the trainer of language models."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.data.corpus import Corpus
from nni_nlp_bench.training.decoders import decoder_settings, frequency_ranks
from nni_nlp_bench.training.models import make_model, model_parameters, settings_for
from nni_nlp_bench.training.run import train
from nni_nlp_bench.training.settings import Settings
from nni_nlp_bench.training.trained import TrainedModel
from nni_nlp_bench.training.trainer import Trainer
from search_spaces.lts import DecoderLayer, LtsArchitecture

LAYER = DecoderLayer(2, 512)
GPT2 = LtsArchitecture("gpt2", "wt103", 64, 128, 2, (LAYER, LAYER))
XL = LtsArchitecture("transformer_xl", "wt103", 64, 128, 1, (LAYER,) * 5)
SMALL = {"epochs": 2, "batch_size": 2, "eval_batch_size": 8, "bptt": 8, "seed": 3}
BOTH = pytest.mark.parametrize("decoder", [GPT2, XL], ids=["gpt2", "transformer_xl"])


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    """Words count upwards from a random one: all but the first of a line can be predicted."""
    rng = np.random.default_rng(0)
    starts = rng.integers(12, size=24)
    lines = [[f"w{(start + i) % 12}" for i in range(9)] for start in starts]
    return Corpus.of("counting", {"train": lines, "valid": lines[:8], "test": lines[:8]})


@BOTH
def test_a_decoder_learns(decoder: LtsArchitecture, corpus: Corpus) -> None:
    """Only the first word of a line is a guess of 12 after the end of a line."""
    settings = decoder_settings(decoder, **SMALL | {"learning_rate": 3e-3, "epochs": 4})
    untrained = Trainer(decoder, corpus, settings).evaluate(corpus.valid)
    curves = train(decoder, corpus, settings)
    assert untrained == pytest.approx(math.log(13), abs=0.3)
    assert math.log(12) / 10 < curves.val_losses[-1] < 1


@BOTH
def test_an_interrupted_training_resumes_bit_for_bit(
    decoder: LtsArchitecture, corpus: Corpus, tmp_path: Path
) -> None:
    class StopError(Exception):
        pass

    def stop(epochs: float) -> None:
        if epochs > 1.3:
            raise StopError

    settings = decoder_settings(decoder, **SMALL)
    torch.manual_seed(1)
    whole = train(decoder, corpus, settings)
    with pytest.raises(StopError):
        train(decoder, corpus, settings, tmp_path, checkpoint_s=0, progress=stop)
    torch.manual_seed(2)  # what others draw does not matter
    started: list[float] = []
    resumed = train(decoder, corpus, settings, tmp_path, progress=started.append)
    assert 1.3 < started[0] < 2
    assert (resumed.train_losses, resumed.val_losses) == (whole.train_losses, whole.val_losses)
    trained = TrainedModel.load(tmp_path)
    trainer = Trainer(decoder, corpus, settings)
    trainer.model = trained.model
    assert trainer.evaluate(corpus.valid) == whole.val_losses[-1]
    assert trained.embeddings.shape == (13, 64)
    assert trained.outputs(np.zeros((8, 2), dtype=np.int64)).shape == (8, 2, 64)


@BOTH
def test_mixed_precision_has_about_the_same_loss(decoder: LtsArchitecture) -> None:
    model = make_model(decoder, 13, decoder_settings(decoder, bptt=4)).eval()
    tokens, targets = torch.arange(4)[:, None], torch.arange(1, 5)
    losses = []
    for enabled in (False, True):
        with torch.autocast("cpu", torch.bfloat16, enabled=enabled):
            losses.append(model.loss(model(tokens).dropped, targets))
    losses[1].backward()  # type: ignore[no-untyped-call]
    assert losses[1].item() == pytest.approx(losses[0].item(), rel=0.05)


@BOTH
def test_the_model_has_the_counted_parameters(decoder: LtsArchitecture) -> None:
    settings = decoder_settings(decoder, bptt=8)
    model = make_model(decoder, 13, settings)
    count = sum(weights.numel() for weights in model.parameters())
    assert count == model_parameters(decoder, 13, settings)


def test_dropout_differs_in_each_step_and_stops_in_evaluation(corpus: Corpus) -> None:
    model = make_model(GPT2, 13, decoder_settings(GPT2, bptt=8), corpus.train)
    tokens = torch.arange(8)[:, None]
    first, second = (model(tokens).raw for _ in range(2))
    assert not torch.equal(first, second)
    model.eval()
    first, second = (model(tokens).raw for _ in range(2))
    assert torch.equal(first, second)


def test_clusters_are_of_words_of_similar_frequency() -> None:
    assert frequency_ranks(np.array([2, 2, 0, 2, 3, 0]), 5).tolist() == [1, 3, 0, 2, 4]


def test_settings_of_cells_are_not_for_decoders(corpus: Corpus) -> None:
    with pytest.raises(UserError, match="hidden is for recurrent cells"):
        settings_for(GPT2, hidden=32)
    with pytest.raises(UserError, match="take the settings of decoder_settings"):
        Trainer(GPT2, corpus, Settings(eval_batch_size=2, batch_size=2))
