"""Networks of decoders: as many parameters as counted, and what they compute."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn import functional

from search_spaces.lts import DecoderLayer, LtsArchitecture, LtsError
from search_spaces.lts.network import DecoderNetwork
from search_spaces.lts.parameters import count_parameters
from search_spaces.lts.rules import Setting
from search_spaces.lts.sampling import SETS
from search_spaces.lts.softmax import AdaptiveEmbedding, AdaptiveSoftmax
from search_spaces.lts.transformer_xl import RelativeAttention

LAYERS = (DecoderLayer(2, 520),) * 5
THREE_CLUSTERS = Setting(60, (10, 30, 200), length=8, ties_tails=True)
ONE_CLUSTER = Setting(60, (100,), length=8, ties_tails=False)
DECODERS = [
    LtsArchitecture("gpt2", "wt103", 64, 128, 1, LAYERS),
    LtsArchitecture("gpt2", "wt103", 64, 128, 4, LAYERS),
    LtsArchitecture("gpt2", "lm1b", 128, 128, 1, LAYERS),
    LtsArchitecture("transformer_xl", "wt103", 128, 128, 2, LAYERS),
    LtsArchitecture("transformer_xl", "wt103", 128, 128, 1, LAYERS),
    LtsArchitecture("transformer_xl", "lm1b-pareto", 128, 128, 4, LAYERS),
]


def make(decoder: LtsArchitecture, setting: Setting) -> DecoderNetwork:
    torch.manual_seed(0)
    network = DecoderNetwork(decoder, setting).double().eval()
    for weights in network.parameters():  # biases and weights that begin at 0 count too
        if not weights.any():
            torch.nn.init.normal_(weights)
    return network


@pytest.mark.parametrize("name", sorted(SETS))
def test_the_network_has_the_counted_parameters(name: str) -> None:
    decoder = SETS[name].sample(np.random.default_rng(1))
    for setting in (decoder.setting, replace(decoder.setting, vocabulary=100, length=7)):
        with torch.device("meta"):
            network = DecoderNetwork(decoder, setting)
        count = sum(weights.numel() for weights in network.parameters())
        assert count == count_parameters(decoder, setting).total


@pytest.mark.parametrize("setting", [THREE_CLUSTERS, ONE_CLUSTER])
@pytest.mark.parametrize("decoder", DECODERS)
def test_only_earlier_tokens_decide(decoder: LtsArchitecture, setting: Setting) -> None:
    network = make(decoder, setting)
    tokens = torch.arange(16).view(2, 8) * 3
    hidden, _ = network(tokens)
    tokens[0, 5] = 59
    changed = (network(tokens)[0] - hidden).abs().amax(-1) > 1e-9
    assert changed.tolist() == [[False] * 5 + [True] * 3, [False] * 8]


@pytest.mark.parametrize("setting", [THREE_CLUSTERS, ONE_CLUSTER])
@pytest.mark.parametrize("decoder", DECODERS)
def test_probabilities_of_all_tokens_add_up(decoder: LtsArchitecture, setting: Setting) -> None:
    network = make(decoder, setting)
    hidden = torch.randn(1, 1, decoder.d_model, dtype=torch.float64).expand(1, 60, -1)
    losses = network.losses(hidden, torch.arange(60)[None])
    assert losses.neg().exp().sum().item() == pytest.approx(1)
    assert losses.std().item() > 0.01


def test_memory_continues_a_text() -> None:
    """Two segments of Transformer-XL are one of twice the length."""
    network = make(DECODERS[3], THREE_CLUSTERS)
    tokens = torch.arange(32).view(2, 16)
    first, memory = network(tokens[:, :8])
    second, _ = network(tokens[:, 8:], memory)
    together, memory = network(tokens)
    torch.testing.assert_close(torch.cat([first, second], 1), together)
    assert [tuple(of_layer.shape) for of_layer in memory] == [(2, 8, 128)] * 5


def test_gpt2_has_as_many_positions_as_its_length() -> None:
    network = make(DECODERS[0], THREE_CLUSTERS)
    with pytest.raises(LtsError, match="8 positions, got 9 tokens"):
        network(torch.zeros(1, 9, dtype=torch.long))


def test_relative_attention_term_by_term() -> None:
    """((q + u) k + (q + v) r) / sqrt(width), where r belongs to the distance of the two."""
    torch.manual_seed(0)
    attention = RelativeAttention(8, 2, dropout=0).double()
    values, memory = torch.randn(1, 3, 8).double(), torch.randn(1, 2, 8).double()
    distances = torch.randn(5, 8).double()
    everything = torch.cat([memory, values], 1)[0]
    heads = []
    for h in range(2):
        of_head = slice(4 * h, 4 * h + 4)
        q = attention.query(values)[0][:, of_head]
        k = attention.key_value(everything)[:, :8][:, of_head]
        v = attention.key_value(everything)[:, 8:][:, of_head]
        r = attention.position(distances)[:, of_head].flip(0)  # by distance
        u, w = attention.content_bias[h, 0], attention.position_bias[h, 0]
        rows = []
        for i in range(3):
            scores = torch.stack(
                [((q[i] + u) @ k[j] + (q[i] + w) @ r[2 + i - j]) / 2 for j in range(3 + i)]
            )
            rows.append(scores.softmax(0) @ v[: 3 + i])
        heads.append(torch.stack(rows))
    expected = attention.output(torch.cat(heads, -1))
    torch.testing.assert_close(attention(values, memory, distances)[0], expected)


@pytest.mark.parametrize("decoder", DECODERS)
def test_embedding_and_softmax_share_weights(decoder: LtsArchitecture) -> None:
    """A token's embedding is its row times the projection, and so is its logit."""
    torch.manual_seed(0)
    embedding = AdaptiveEmbedding(decoder, THREE_CLUSTERS)
    softmax = AdaptiveSoftmax(embedding, decoder, THREE_CLUSTERS)
    vectors = embedding(torch.arange(60)) / decoder.d_model**0.5
    hidden = torch.randn(1, decoder.d_model)
    rare = torch.arange(30, 60)
    inside = softmax(hidden.expand(30, -1), rare, embedding)
    expected = -functional.log_softmax(vectors[30:] @ hidden[0], 0)
    if decoder.dataset == "wt103":  # lm1b's projections are untied
        torch.testing.assert_close(inside - inside.mean(), expected - expected.mean())
    assert len(softmax.projections) in (0, 1, 3)
