"""One epoch of training against the protocol of the release."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from nni_nlp_bench.data.corpus import Corpus
from nni_nlp_bench.training.language_model import LanguageModel
from nni_nlp_bench.training.objective import draw_length
from nni_nlp_bench.training.settings import DROPOUTS, Settings, Sizes
from nni_nlp_bench.training.trainer import Trainer
from search_spaces.rnn_cell.published import named_recipe

SETTINGS = Settings(
    sizes=Sizes(6, 6, 1),
    dropouts=DROPOUTS["none"],
    weight_drop="trained",
    batch_size=3,
    eval_batch_size=2,
    bptt=14,
    learning_rate=1e-2,
    clip=0.1,
    activation_penalty=3.0,
    slowness_penalty=5.0,
    seed=7,
)


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    rng = np.random.default_rng(0)
    lines = [[f"w{i}" for i in rng.integers(8, size=9)] for _ in range(36)]
    return Corpus.of("random", {"train": lines, "valid": lines[:4], "test": lines[:4]})


def lengths(generator: torch.Generator) -> int:
    """The steps of the next window: 14 on average, of one in twenty half as many, 5 at least."""
    mean = 14 if torch.rand((), generator=generator).item() < 0.95 else 7
    return max(5, int(mean + 5 * torch.randn((), generator=generator).item()))


def plainly(model: LanguageModel, columns: Tensor) -> list[float]:
    """Train for an epoch on columns (time, batch), and return the norms of all gradients."""
    random = torch.Generator().manual_seed(7)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2, weight_decay=1.2e-6)
    states, place, norms = None, 0, []
    while place < len(columns) - 2:
        steps = lengths(random)
        inputs = columns[place : place + steps][: len(columns) - 1 - place]
        targets = columns[place + 1 : place + 1 + steps]
        dropped, raw, new = model(inputs, states)
        logits = dropped @ model.embedding.t() + model.decoder_bias
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten())
        changes = torch.diff(raw, dim=0)
        loss = loss + 3 * (dropped**2).mean() + 5 * (changes**2).mean()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        norms.append(nn.utils.clip_grad_norm_(model.parameters(), 0.1).item())
        optimizer.param_groups[0]["lr"] = 1e-2 * steps / 14
        optimizer.step()
        states = [tuple(state.detach() for state in layer) for layer in new]
        place += steps
    return norms


def test_an_epoch_is_that_of_the_release(corpus: Corpus) -> None:
    trainer = Trainer(named_recipe("lstm"), corpus, SETTINGS)
    model = LanguageModel(
        named_recipe("lstm"),
        len(corpus.vocabulary),
        SETTINGS.sizes,
        SETTINGS.dropouts,
        "trained",
        seed=7,
    )
    assert trainer.train_epoch()
    rows = len(corpus.train) // 3
    columns = torch.from_numpy(corpus.train[: 3 * rows].reshape(3, rows).T.copy())
    norms = plainly(model, columns)
    assert len(norms) > 5 and min(norms) < 0.1 < max(norms), "some gradients are cut"
    for name, value in trainer.model.named_parameters():
        torch.testing.assert_close(value, model.get_parameter(name), rtol=1e-3, atol=1e-5)


def test_windows_are_of_normal_length_some_of_them_half_as_long() -> None:
    random = torch.Generator().manual_seed(0)
    drawn = np.array([draw_length(70, random) for _ in range(4000)])
    short = drawn < 52
    assert short.mean() == pytest.approx(0.05, abs=0.01)
    assert drawn[~short].mean() == pytest.approx(69.5, abs=0.5)  # cut off to whole steps
    assert drawn[short].mean() == pytest.approx(34.5, abs=1.5)
    assert drawn[~short].std() == pytest.approx(5, abs=0.3)
    assert min(draw_length(6, random) for _ in range(100)) == 5
