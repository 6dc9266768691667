"""The search spaces by name."""

from __future__ import annotations

from typing import Any

from nni_nlp_bench.core.registry import Registry
from search_spaces.base import SearchSpace

SPACES: Registry[type[SearchSpace[Any]]] = Registry(
    "search space",
    "nni_nlp_bench.spaces",
    {
        "asr_cell": "search_spaces.asr_cell.space:AsrCellSpace",
        "emd_cell": "search_spaces.emd_cell.space:EmdCellSpace",
        "encoder": "search_spaces.encoder.space:EncoderSpace",
        "enas_cell": "search_spaces.enas_cell.space:EnasCellSpace",
        "lts": "search_spaces.lts.space:LtsSpace",
        "rnn_cell": "search_spaces.rnn_cell.space:RnnCellSpace",
        "textnas": "search_spaces.textnas.space:TextNasSpace",
    },
    requires=("name", "sample", "parse"),
)


def get_space(name: str) -> SearchSpace[Any]:
    """Return the space of that name. Raises UnknownNameError."""
    return SPACES.get(name)()
