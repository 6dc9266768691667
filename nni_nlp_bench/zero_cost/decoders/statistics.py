"""Statistics of an untrained decoder that zero-cost scores share."""

from __future__ import annotations

from functools import cached_property

import torch
from torch import Tensor, nn

from nni_nlp_bench.zero_cost.transformers import matrices, module_outputs
from search_spaces.lts import LtsArchitecture
from search_spaces.lts.network import DecoderNetwork
from search_spaces.lts.parameters import count_parameters, sized

_GPT2_PARTS = ("attn", "mlp", "mlp.c_fc")
_TRANSFORMER_XL_PARTS = ("attention", "feed_forward", "feed_forward.0")
"""Names of the attention, the feed-forward network and its first matrix in a layer."""


class DecoderStatistics:
    """Weights and outputs of a randomly initialized decoder on token ids (batch, length).

    The network has the vocabulary and the length of the text, not those of the decoder's data set:
    an initial embedding is as random with fewer tokens, and a small fraction of the size.
    """

    def __init__(
        self, decoder: LtsArchitecture, tokens: Tensor, vocabulary: int, seed: int = 0
    ) -> None:
        self.decoder = decoder
        self.tokens = tokens
        self.vocabulary = vocabulary
        self.seed = seed

    @property
    def attention_matrices(self) -> list[Tensor]:
        """Initial matrices of the attention, and of its output projections."""
        return matrices(self._parts(0))

    @property
    def feed_forward_matrices(self) -> list[Tensor]:
        """Initial matrices of the feed-forward networks."""
        return matrices(self._parts(1))

    @cached_property
    def feed_forward_hidden(self) -> list[Tensor]:
        """Per layer, the outputs (tokens, d_inner) of the first matrix of its feed-forward network,
        before the activation."""
        return module_outputs(self._network, self._parts(2), self.tokens)

    @property
    def num_parameters(self) -> int:
        """Number of parameters without embeddings and softmax.

        Those of large vocabularies outnumber the layers' and say little of the loss.
        """
        return count_parameters(self.decoder).non_embedding

    @cached_property
    def _network(self) -> DecoderNetwork:
        sizes = {"vocabulary": self.vocabulary, "length": self.tokens.shape[1]}
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            return DecoderNetwork(self.decoder, sized(self.decoder, sizes))

    def _parts(self, number: int) -> list[nn.Module]:
        """Return the attention (0), the feed-forward network (1) or its first matrix (2) of each
        layer."""
        is_gpt2 = self.decoder.model == "gpt2"
        name = (_GPT2_PARTS if is_gpt2 else _TRANSFORMER_XL_PARTS)[number]
        layers = self._network.body.get_submodule("h" if is_gpt2 else "layers").children()
        return [layer.get_submodule(name) for layer in layers]
