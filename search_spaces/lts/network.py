"""The network of one decoder, from tokens to the loss of the next ones."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from search_spaces.lts.architecture import DecoderLayer, LtsArchitecture, LtsError
from search_spaces.lts.rules import Setting
from search_spaces.lts.softmax import AdaptiveEmbedding, AdaptiveSoftmax
from search_spaces.lts.transformer_xl import TransformerXl

_SPREAD = 0.02
"""Standard deviation of GPT-2's weights at the start."""


class DecoderNetwork(nn.Module):
    """A language model: embedding, the decoder's layers, softmax with the embedding's weights.

    Weights and dropout masks come from torch's global generator.

    Args:
        decoder: The decoder.
        setting: Vocabulary and length of segments; None for those of the decoder's data set.
        dropout: Dropout probability of residual connections; in Transformer-XL also of the
            embeddings, the feed-forward networks and the output.
    """

    def __init__(
        self, decoder: LtsArchitecture, setting: Setting | None = None, dropout: float = 0.1
    ) -> None:
        super().__init__()
        self.decoder = decoder
        self.setting = setting or decoder.setting
        self.embedding = AdaptiveEmbedding(decoder, self.setting)
        self.body: nn.Module
        if decoder.model == "gpt2":
            self.body = gpt2(decoder, self.setting.length, dropout)
        else:
            self.body = TransformerXl(decoder, self.setting.length, dropout)
        self.softmax = AdaptiveSoftmax(self.embedding, decoder, self.setting)

    def forward(
        self, tokens: Tensor, memory: list[Tensor] | None = None
    ) -> tuple[Tensor, list[Tensor]]:
        """Run on ids (batch, length).

        Args:
            tokens: Ids of a segment; of GPT-2 at most `setting.length` long.
            memory: What the segment before returned; None at the start of a text.

        Returns:
            Hidden states (batch, length, d_model), and the memory, which is empty for GPT-2.
        """
        if isinstance(self.body, TransformerXl):
            hidden, memory = self.body(self.embedding(tokens), memory)
            return hidden, memory
        return self.hidden(tokens), []

    def hidden(self, tokens: Tensor) -> Tensor:
        """Return hidden states (batch, length, d_model) of ids (batch, length), without memory."""
        embedded = self.embedding(tokens)
        if isinstance(self.body, TransformerXl):
            return self.body.run(embedded)[0]
        if tokens.shape[1] > self.setting.length:
            raise LtsError(
                f"the network has {self.setting.length} positions, got {tokens.shape[1]} tokens"
            )
        found: Tensor = self.body(inputs_embeds=embedded, use_cache=False).last_hidden_state
        return found

    def losses(self, hidden: Tensor, targets: Tensor) -> Tensor:
        """Return the losses (batch, length) in nats of the next tokens (batch, length)."""
        losses: Tensor = self.softmax(hidden.flatten(0, 1), targets.flatten(), self.embedding)
        return losses.view(targets.shape)

    def log_probabilities(self, hidden: Tensor) -> Tensor:
        """Return log-probabilities (batch, vocabulary) of the next token for (batch, d_model)."""
        found: Tensor = self.softmax.log_probabilities(hidden, self.embedding)
        return found


def gpt2(decoder: LtsArchitecture, length: int, dropout: float) -> nn.Module:
    """Return transformers' GPT-2 without its embedding of tokens, its layers as the decoder's."""
    from transformers import GPT2Config, GPT2Model
    from transformers.models.gpt2.modeling_gpt2 import GPT2Block

    def config(layer: DecoderLayer) -> Any:
        return GPT2Config(
            vocab_size=1,
            bos_token_id=None,
            eos_token_id=None,
            n_positions=length,
            n_embd=decoder.d_model,
            n_layer=1,
            n_head=layer.n_head,
            n_inner=layer.d_inner,
            resid_pdrop=dropout,
            embd_pdrop=0,
            attn_pdrop=0,
            initializer_range=_SPREAD,
            # Layers must agree with the model on who masks later tokens.
            attn_implementation="eager",
        )

    model: nn.Module = GPT2Model(config(decoder.layers[0]))
    del model.wte
    model.h = nn.ModuleList(
        GPT2Block(config(layer), layer_idx=i) for i, layer in enumerate(decoder.layers)
    )
    for name, weights in model.h.named_parameters():
        if name.endswith("c_proj.weight"):
            nn.init.normal_(weights, std=_SPREAD * (2 * len(decoder.layers)) ** -0.5)
    return model
