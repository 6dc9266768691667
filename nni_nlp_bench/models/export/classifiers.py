"""Classifiers of words or of word pieces as functions of tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from nni_nlp_bench.models.export.graph import BATCH, LENGTH, Graph, Tensors, random_ids

if TYPE_CHECKING:
    from nni_nlp_bench.models.network import NetworkClassifier
    from nni_nlp_bench.models.transformer import TransformerClassifier
    from nni_nlp_bench.training.classification.classifier import Classifier


class _NetworkGraph(nn.Module):
    """Logits (batch, labels) of word ids (batch, length)."""

    def __init__(self, model: Classifier) -> None:
        super().__init__()
        self.model = model

    def forward(self, ids: Tensor) -> Tensor:
        logits: Tensor = self.model.network(self.model.embedding(ids), ids != 0)
        return logits


def network_graph(classifier: NetworkClassifier) -> Graph:
    """Return the network of a classifier of words."""
    from nni_nlp_bench.training.classification.batches import Batch
    from search_spaces.encoder.network import Positions

    def draw(batch: int, length: int, random: torch.Generator) -> Tensors:
        return (random_ids(len(classifier.vocabulary), batch, length, random),)

    def reference(ids: Tensor) -> Tensors:
        unused = ids[:, 0]
        return (classifier.model(Batch(ids, unused, unused)),)

    positions = [
        module.position_embeddings.num_embeddings
        for module in classifier.model.modules()
        if isinstance(module, Positions)
    ]
    axes = {"ids": (BATCH, LENGTH)}
    longest = min(positions, default=None)
    return Graph(_NetworkGraph(classifier.model), axes, ("logits",), draw, reference, longest)


class _TransformerGraph(nn.Module):
    """Logits (batch, labels) of token ids, mask and types, each (batch, length)."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor | None = None
    ) -> Tensor:
        types = {} if token_type_ids is None else {"token_type_ids": token_type_ids}
        found = self.model(input_ids=input_ids, attention_mask=attention_mask, **types)
        logits: Tensor = found.logits
        return logits


def transformer_graph(classifier: TransformerClassifier) -> Graph:
    """Return the network of a fine-tuned encoder."""
    encoder = classifier.encoder
    tokens = len(encoder.tokenizer)

    def draw(batch: int, length: int, random: torch.Generator) -> Tensors:
        ids = random_ids(tokens, batch, length, random)
        mask = ids != 0
        return tuple(encoder.inputs(ids, mask).values())

    def reference(input_ids: Tensor, attention_mask: Tensor, *types: Tensor) -> Tensors:
        return (encoder.model(**encoder.inputs(input_ids, attention_mask.bool())).logits,)

    example = encoder.inputs(torch.ones(1, 1, dtype=torch.int64), torch.ones(1, 1).bool())
    axes = dict.fromkeys(example, (BATCH, LENGTH))
    module = _TransformerGraph(encoder.model)
    return Graph(module, axes, ("logits",), draw, reference, encoder.max_length)
