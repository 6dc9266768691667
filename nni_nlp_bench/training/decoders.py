"""Language model of a decoder of LiteTransformerSearch, with the interface of `LanguageModel`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from nni_nlp_bench.training.language_model import Outputs, States
from nni_nlp_bench.training.settings import DROPOUTS, Settings, Sizes
from search_spaces.lts import LtsArchitecture
from search_spaces.lts.network import DecoderNetwork
from search_spaces.lts.parameters import sized
from search_spaces.lts.rules import Setting

_MAX_SEED = 2**62


def decoder_settings(decoder: LtsArchitecture, **settings: Any) -> Settings:
    """Return settings of a decoder: its widths, dropout of residual connections, no penalties.

    Args:
        decoder: The decoder.
        **settings: Other fields of `Settings`; windows are `bptt` steps long, never shorter.
    """
    defaults: dict[str, Any] = {
        "dropouts": DROPOUTS["lts"],
        "weight_drop": "trained",
        "weight_decay": 0.0,
        "activation_penalty": 0.0,
        "slowness_penalty": 0.0,
    }
    sizes = Sizes(decoder.d_embed, decoder.d_model, len(decoder.layers))
    return Settings(sizes=sizes, **defaults | settings)


def decoder_setting(decoder: LtsArchitecture, words: int, settings: Settings) -> Setting:
    """Return the vocabulary of a network: that of a corpus, with the cut-offs of the data set."""
    return sized(decoder, {"vocabulary": words, "length": settings.bptt})


def frequency_ranks(ids: NDArray[np.int64], words: int) -> NDArray[np.int64]:
    """Return the rank of each word in a text, 0 for the most frequent one.

    Clusters of the adaptive softmax are of words of similar frequency.
    """
    order = np.argsort(-np.bincount(ids, minlength=words), kind="stable")
    ranks = np.empty(words, dtype=np.int64)
    ranks[order] = np.arange(words)
    return ranks


class DecoderModel(nn.Module):
    """A decoder's network on the words of a corpus.

    Args:
        decoder: The decoder.
        words: Number of words.
        settings: Its `bptt` is the length of GPT-2's positions and of Transformer-XL's memory, and
            its `dropouts.hidden` the dropout.
        ranks: See `frequency_ranks`; None where they are loaded.
    """

    has_fixed_windows = True

    def __init__(
        self,
        decoder: LtsArchitecture,
        words: int,
        settings: Settings,
        ranks: NDArray[np.int64] | None = None,
    ) -> None:
        super().__init__()
        self.random = torch.Generator().manual_seed(settings.seed)
        ranks = np.arange(words) if ranks is None else ranks
        self.register_buffer("ranks", torch.from_numpy(ranks))
        setting = decoder_setting(decoder, words, settings)
        with self._seeded():
            self.network = DecoderNetwork(decoder, setting, settings.dropouts.hidden)

    def forward(self, tokens: Tensor, states: States | None = None) -> Outputs:
        """Run on tokens (time, batch), by default without a memory.

        States are the memory: one tensor (batch, memory, width) per layer, none for GPT-2.
        """
        memory = [of_layer for (of_layer,) in states] if states else None
        with self._seeded():
            hidden, memory = self.network(self._rank(tokens).t(), memory)
        hidden = hidden.transpose(0, 1)
        return Outputs(hidden, hidden, [(of_layer,) for of_layer in memory])

    def loss(self, hidden: Tensor, targets: Tensor) -> Tensor:
        """Return the mean cross-entropy in nats per token of targets (time * batch,)."""
        losses: Tensor = self.network.losses(hidden, self._rank(targets).view(hidden.shape[:2]))
        return losses.mean()

    def log_probabilities(self, outputs: Tensor) -> Tensor:
        """Return log-probabilities (batch, words) of the next word for outputs (batch, width)."""
        found: Tensor = self.network.log_probabilities(outputs)
        return found[:, self.get_buffer("ranks")]

    @property
    def embedding(self) -> Tensor:
        """Embeddings (words, width of the model)."""
        embedded: Tensor = self.network.embedding(self.get_buffer("ranks"))
        return embedded

    def _rank(self, tokens: Tensor) -> Tensor:
        return self.get_buffer("ranks")[tokens]

    @contextmanager
    def _seeded(self) -> Iterator[None]:
        """Seed torch's global generators from the model's own, and restore them afterwards."""
        seed = int(torch.randint(_MAX_SEED, (), generator=self.random, device="cpu"))
        devices = [p.device for p in self.parameters() if p.device.type == "cuda"][:1]
        with torch.random.fork_rng(devices):
            torch.manual_seed(seed)
            yield
