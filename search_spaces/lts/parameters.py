"""Number of parameters of the network of a decoder, part by part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from search_spaces.lts.architecture import LtsArchitecture, LtsError
from search_spaces.lts.rules import Setting
from search_spaces.values import check_widths, complete_sizes


@dataclass(frozen=True, slots=True)
class ParameterCounts:
    """Parameters of a decoder, in the parts of the release."""

    embedding: int
    """Embeddings of tokens with their projections to the width of the model, and GPT-2's
    positions: the release's AdaEmb."""
    attention: int
    """Matrices of the attention, with their biases in GPT-2: the release's Attn."""
    feed_forward: int
    """Matrices and biases of the feed-forward networks: the release's FFN."""
    non_embedding: int
    """Attention, feed-forward networks and layer norms: the release's nonembedding."""
    total: int
    """All, with the softmax: its weights are those of the embedding."""


def count_parameters(decoder: LtsArchitecture, setting: Setting | None = None) -> ParameterCounts:
    """Return the parameters of a decoder.

    Args:
        decoder: The decoder.
        setting: Vocabulary of the network; None for that of the decoder's data set.
    """
    setting = setting or decoder.setting
    is_gpt2 = decoder.model == "gpt2"
    width, depth = decoder.d_model, len(decoder.layers)
    embedding = _embedding(decoder, setting) + (setting.length * width if is_gpt2 else 0)
    per_layer = 4 * width**2 + 4 * width if is_gpt2 else 5 * width**2 + 2 * width
    attention = depth * per_layer
    feed_forward = sum(2 * width * f + f + width for _, f in decoder.layers)
    norms = 4 * width * depth + (2 * width if is_gpt2 else 0)
    non_embedding = attention + feed_forward + norms
    return ParameterCounts(
        embedding=embedding,
        attention=attention,
        feed_forward=feed_forward,
        non_embedding=non_embedding,
        total=embedding + non_embedding + _softmax(decoder, setting),
    )


def sized(decoder: LtsArchitecture, size: Mapping[str, int]) -> Setting:
    """Return the setting of a network, by default that of the decoder's data set.

    Args:
        decoder: The decoder.
        size: `vocabulary` and `length`, as far as they are others.

    Raises:
        LtsError: There is no such size.
    """
    setting = decoder.setting
    defaults = {"vocabulary": setting.vocabulary, "length": setting.length}
    sizes = complete_sizes(size, defaults, LtsError)
    check_widths(LtsError, **sizes)
    return replace(setting, vocabulary=sizes["vocabulary"], length=sizes["length"])


def cluster_widths(decoder: LtsArchitecture, setting: Setting) -> list[int]:
    """Return the width of the embedding of each cluster of tokens."""
    clusters = range(len(setting.cluster_sizes))
    return [decoder.d_embed // decoder.div_val**number for number in clusters]


def _embedding(decoder: LtsArchitecture, setting: Setting) -> int:
    widths = cluster_widths(decoder, setting)
    tokens = sum(n * w for n, w in zip(setting.cluster_sizes, widths, strict=True))
    # Without a divisor there is one matrix for all clusters.
    return tokens + sum(_projections(decoder, widths[:1] if decoder.div_val == 1 else widths))


def _softmax(decoder: LtsArchitecture, setting: Setting) -> int:
    """Biases, rows of the rarer clusters in the first one's softmax, and untied projections."""
    widths = cluster_widths(decoder, setting)
    tails = (len(widths) - 1) * (decoder.d_embed + 1)
    untied = widths[:1] if setting.ties_tails else widths
    return setting.vocabulary + tails + sum(_projections(decoder, untied))


def _projections(decoder: LtsArchitecture, widths: list[int]) -> list[int]:
    """Return the size of the projection of each cluster: without a divisor, an embedding as wide
    as the model needs none."""
    if decoder.div_val == 1 and decoder.d_embed == decoder.d_model:
        return []
    return [decoder.d_model * width for width in widths]
