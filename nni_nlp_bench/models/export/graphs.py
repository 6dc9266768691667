"""Trained models of every kind as functions of tensors."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from nni_nlp_bench.models.export.classifiers import network_graph, transformer_graph
from nni_nlp_bench.models.export.graph import Graph
from nni_nlp_bench.models.export.language_models import language_model_graph
from nni_nlp_bench.models.export.tfidf import tfidf_graph
from nni_nlp_bench.models.loading import AnyModel
from nni_nlp_bench.models.manifest import ModelError

_GRAPHS: Mapping[str, Callable[..., Graph]] = {
    "network": network_graph,
    "transformer": transformer_graph,
    "language_model": language_model_graph,
    "tfidf": tfidf_graph,
}
"""Networks by the kind of model."""


def graph_of(model: AnyModel) -> Graph:
    """Return the network of a model. Raises ModelError for a kind of another package."""
    kind = model.manifest.kind
    if kind not in _GRAPHS:
        raise ModelError(f"models of the kind {kind!r} cannot be exported")
    return _GRAPHS[kind](model)
