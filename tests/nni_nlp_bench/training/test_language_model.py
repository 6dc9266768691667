"""The language model: published sizes, the release's order of drawing, dropout, weight drop."""

from __future__ import annotations

import csv
import gzip
import json
import zipfile
from collections.abc import Callable
from math import inf, nan
from pathlib import Path
from typing import cast

import pytest
import torch
from torch import Tensor, nn

from nni_nlp_bench.core.environment import physical_memory
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.training.device import check_memory, usable_device
from nni_nlp_bench.training.language_model import LanguageModel
from nni_nlp_bench.training.settings import DROPOUTS, Dropouts, Settings, Sizes, WeightDrop
from search_spaces.rnn_cell import Recipe
from search_spaces.rnn_cell.language_model import language_model_parameters
from search_spaces.rnn_cell.network import RecurrentCell
from search_spaces.rnn_cell.published import named_recipe

SMALL = Sizes(embedding=8, hidden=12, layers=3)
WORDS = 30


def small(weight_drop: str = "release", dropouts: str = "ptb", seed: int = 0) -> LanguageModel:
    mode = cast(WeightDrop, weight_drop)
    return LanguageModel(named_recipe("lstm"), WORDS, SMALL, DROPOUTS[dropouts], mode, seed)


def tokens(time: int = 5, batch: int = 4) -> Tensor:
    return torch.randint(WORDS, (time, batch), generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("position", range(0, 9000, 1500))
def test_parameters_are_those_published_on_penn_treebank(
    shared: Callable[[str], Path], position: int
) -> None:
    with gzip.open(shared("nas-bench-nlp/ptb_multi_run.csv.gz"), "rt") as stream:
        row = list(csv.DictReader(stream))[position]
    recipe = Recipe.from_json(row["recipe"])
    model = LanguageModel(recipe, 10_000)
    assert model.num_parameters() == float(row["num_params"]) == language_model_parameters(recipe)


def test_parameters_are_those_published_on_wikitext_2(shared: Callable[[str], Path]) -> None:
    with zipfile.ZipFile(shared("nas-bench-nlp/wikitext2_logs.zip")) as archive:
        log = json.loads(archive.read(archive.namelist()[3]))
    model = LanguageModel(Recipe.from_json(log["recepie"]), 33_278)
    assert model.num_parameters() == log["num_params"]


def test_weights_are_drawn_in_the_order_of_the_release() -> None:
    """From one stream: embedding, layers (each twice), decoder, and the tied weight twice more."""
    model = small(seed=7)
    torch.manual_seed(7)
    nn.Embedding(WORDS, SMALL.embedding)
    cells = [RecurrentCell(named_recipe("lstm"), *widths) for widths in SMALL.of_layers()]
    nn.Linear(SMALL.hidden, WORDS)
    torch.empty(WORDS, SMALL.embedding).uniform_(-0.1, 0.1)
    tied = torch.empty(WORDS, SMALL.embedding).uniform_(-0.1, 0.1)
    assert torch.equal(model.embedding, tied)
    assert not model.decoder_bias.any()
    for layer, cell in zip(model.layers, cells, strict=True):
        pairs = zip(layer.parameters(), cell.parameters(), strict=True)
        assert all(torch.equal(a, b) for a, b in pairs)


def test_the_last_layer_is_as_wide_as_the_embedding_that_decodes_it() -> None:
    model = small().eval()
    outputs = model(tokens())
    assert outputs.raw.shape == (5, 4, SMALL.embedding)
    logits = outputs.dropped.flatten(0, 1) @ model.embedding.t() + model.decoder_bias
    targets = tokens().flatten()
    expected = nn.functional.nll_loss(logits.log_softmax(1), targets)
    torch.testing.assert_close(model.loss(outputs.dropped, targets), expected)


def test_evaluation_drops_nothing_and_states_are_carried_over() -> None:
    model = small().eval()
    whole = model(tokens(6))
    first = model(tokens(6)[:2])
    rest = model(tokens(6)[2:], first.states)
    torch.testing.assert_close(torch.cat([first.raw, rest.raw]), whole.raw)
    assert torch.equal(whole.raw, whole.dropped)


def test_dropout_uses_one_mask_for_all_steps_and_drops_whole_words() -> None:
    model = small(dropouts="ptb").train()
    ratio = model(tokens(9)).dropped
    dropped = ratio == 0
    assert dropped.any() and not dropped.all()
    assert torch.equal(dropped.all(0), dropped.any(0)), "a unit is dropped at every step or none"
    embedded = model.embed(torch.arange(WORDS).view(-1, 1))[:, 0]
    lost = (embedded == 0).all(1)
    kept = embedded[~lost]
    assert torch.equal(lost, (embedded == 0).any(1)), "a word is dropped whole"
    torch.testing.assert_close(kept, model.embedding[~lost] / 0.9)


def recurrent(model: LanguageModel) -> list[nn.Parameter]:
    """The matrices whose input is not `x`."""
    return [
        matrix
        for layer in cast("list[RecurrentCell]", list(model.layers))
        for node, linear in zip(
            [n for n in layer.recipe.nodes if n.op == "linear"], layer.maps, strict=True
        )
        for name, matrix in zip(node.inputs, linear.matrices, strict=True)
        if name != "x"
    ]


@pytest.mark.parametrize("weight_drop", ["release", "trained"])
def test_the_modes_of_weight_drop_decide_what_is_trained(weight_drop: str) -> None:
    model = small(weight_drop).train()
    model.loss(model(tokens()).dropped, tokens().flatten()).backward()
    frozen = {id(parameter) for parameter in model.parameters() if parameter.grad is None}
    matrices = {id(matrix) for matrix in recurrent(model)}
    assert len(matrices) == 12
    assert frozen == (matrices if weight_drop == "release" else set())


def test_weight_drop_scales_what_it_keeps_and_draws_anew() -> None:
    model = small("trained").train()
    matrix = recurrent(model)[0].detach()
    first, second = model._drop_weight(matrix), model._drop_weight(matrix)
    assert not torch.equal(first, second)
    kept = first != 0
    torch.testing.assert_close(first[kept], 2 * matrix[kept])
    assert 0.2 < kept.float().mean() < 0.8


def test_a_seed_decides_weights_and_masks() -> None:
    def outputs(seed: int) -> Tensor:
        return cast(Tensor, small(seed=seed).train()(tokens()).dropped)

    assert torch.equal(outputs(1), outputs(1))
    assert not torch.equal(outputs(1), outputs(2))


def test_the_global_generator_is_left_alone() -> None:
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    small().train()(tokens())
    assert torch.equal(torch.rand(4), expected)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Sizes(layers=0), "layers must be at least 1, got 0"),
        (lambda: Sizes(hidden=10**8), "hidden must be at most 65,536, got 100000000"),
        (lambda: Settings(learning_rate=inf), "learning_rate must be above 0 and finite, got inf"),
        (lambda: Settings(weight_decay=nan), "weight_decay must be 0 or above and finite, got nan"),
        (lambda: Settings(weight_decay=-5), "weight_decay must be 0 or above and finite, got -5"),
        (lambda: Settings(seed=2**64), f"a seed must be between 0 and {2**53:,}, got {2**64}"),
        (
            lambda: check_memory(physical_memory() // 16 + 2**30, "cpu"),
            "the network has",
        ),
        (lambda: usable_device("meta"), "device 'meta' cannot be used: it has no memory"),
        (lambda: Dropouts(weight=1.0), "dropout of weight must be in [0, 1), got 1.0"),
    ],
)
def test_settings_that_make_no_sense(make: Callable[[], object], message: str) -> None:
    with pytest.raises(UserError) as caught:
        make()
    assert str(caught.value).startswith(message)
