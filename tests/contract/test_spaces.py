"""Every registered space keeps the contract."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from search_spaces.base import SearchSpace
from search_spaces.registry import SPACES, get_space
from search_spaces.testing import SpaceContract

NETWORK_SIZES = {
    "asr_cell": {"features": 5, "groups": 1, "hidden_size": 4, "classes": 3},
    "emd_cell": {"vectors": 5, "width": 4, "classes": 2, "cells": 2},
    "encoder": {"vocabulary": 11, "positions": 7, "embedding_size": 6},
    "enas_cell": {"input_size": 4, "hidden_size": 6},
    "lts": {"vocabulary": 50, "length": 6},
    "rnn_cell": {"input_size": 4, "hidden_size": 6},
    "textnas": {"vectors": 5, "width": 8, "classes": 2},
}


class TestSpaces(SpaceContract):
    @pytest.fixture(params=SPACES)
    def space(self, request: pytest.FixtureRequest) -> SearchSpace[Any]:
        return get_space(request.param)

    @pytest.fixture
    def network_size(self, space: SearchSpace[Any]) -> Mapping[str, int]:
        return NETWORK_SIZES[space.name]
