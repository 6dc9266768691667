"""Trained models, made once per session."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from shutil import copytree
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from trained_models import TrainedClassifier, TrainedLanguageModel


@pytest.fixture(scope="session")
def classifier(teacher_folder: Path) -> Callable[[str], TrainedClassifier]:
    """A trained classifier by kind."""
    from trained_models import labelled_set, train_classifier

    return cache(lambda kind: train_classifier(kind, teacher_folder, labelled_set()))


@pytest.fixture(scope="session")
def language_model() -> Callable[[str], TrainedLanguageModel]:
    """A trained language model by kind."""
    from trained_models import train_language_model

    return cache(train_language_model)


@pytest.fixture(scope="session")
def saved(
    classifier: Callable[[str], TrainedClassifier],
    language_model: Callable[[str], TrainedLanguageModel],
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[str], Path]:
    """The folder of a saved model by kind, not to be changed."""

    @cache
    def save(kind: str) -> Path:
        folder = tmp_path_factory.mktemp(kind) / "model"
        is_language_model = kind in ("rnn_cell", "enas_cell", "gpt2", "transformer_xl")
        (language_model(kind) if is_language_model else classifier(kind)).save(folder)
        return folder

    return save


@pytest.fixture
def copied(saved: Callable[[str], Path], tmp_path: Path) -> Callable[[str], Path]:
    """A copy of the folder of a saved model by kind."""
    return lambda kind: copytree(saved(kind), tmp_path / kind)
