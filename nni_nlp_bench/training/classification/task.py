"""Tasks: what a classifier is trained on, and how."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from torch import nn

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.data.sentences.glove import Progress, no_progress
from nni_nlp_bench.training.classification.batches import Encoded
from nni_nlp_bench.training.classification.classifier import Classifier, Embedding
from nni_nlp_bench.training.classification.network import BASELINE, NetworkSpec, sentence_space
from nni_nlp_bench.training.classification.settings import ClassifierSettings
from nni_nlp_bench.training.classification.trainer import Trainer
from nni_nlp_bench.training.classification.words import EmbeddedDataset
from nni_nlp_bench.training.seeding import seeded
from search_spaces.sentence_space import SentenceSpace


def width_for(space: str, width: int | None, usual: int) -> dict[str, int]:
    """Return the option `width` of a space's networks, `usual` if no width is given.

    Empty for a space whose architectures define widths. Raises UserError if such a space is given
    one.
    """
    if "width" in sentence_space(space).classifier_options:
        return {"width": usual if width is None else width}
    if width is not None:
        raise UserError(f"architectures of {space} define the width of their networks: give none")
    return {}


def split_options(space: SentenceSpace, options: Mapping[str, Any]) -> tuple[dict[str, Any], ...]:
    """Split options into those of the space's networks and fields of `ClassifierSettings`.

    `dropout` is the default of `embedding_dropout`.
    """
    own = space.classifier_options
    sizes = {name: value for name, value in options.items() if name in own}
    schedule = {name: value for name, value in options.items() if name not in own}
    if "dropout" in sizes:
        schedule.setdefault("embedding_dropout", sizes["dropout"])
    return sizes, schedule


@dataclass(frozen=True)
class Task:
    """Training of a network on labelled sentences."""

    identity: str
    """Identity of the network: checkpoints of other networks are refused."""
    network: Callable[[], nn.Module]
    """Makes the network, with weights drawn from torch's global generator."""
    words: EmbeddedDataset
    settings: ClassifierSettings
    device: str = "cpu"

    def trainer(self) -> Trainer:
        """Return a new trainer."""
        data = self.encoded(*self.settings.train_on.split("+"))
        with seeded(self.settings.seed):
            model = self.model(data)
        return Trainer(model, data, self.settings, self.device)

    def model(self, data: Encoded) -> Classifier:
        """Return the classifier to train on the data."""
        network = self.network()
        return Classifier(Embedding(self.words.matrix, self.settings.embedding_dropout), network)

    def prepare(self, progress: Progress = no_progress) -> None:
        """Compute what the training needs in advance; nothing by default."""

    def encoded(self, *parts: str) -> Encoded:
        """Return the encoded sentences of some parts."""
        return self.words.encoded(parts, self.settings.max_length)

    def metadata(self) -> dict[str, Any]:
        """Return what a checkpoint and the resumed training must share."""
        words = {"data": self.words.data.digest, "vectors": self.words.source}
        return {"network": self.identity, **words, **asdict(self.settings)}


def network_task(
    space: str,
    architecture: Any,
    words: EmbeddedDataset,
    settings: ClassifierSettings,
    *,
    device: str = "cpu",
    **options: Any,
) -> Task:
    """Return the training of an architecture, with options of its space. Raises UserError."""
    sentence_space(space)
    return _task(space, architecture, words, settings, device, options)


def baseline_task(
    name: str,
    words: EmbeddedDataset,
    settings: ClassifierSettings,
    *,
    device: str = "cpu",
    **options: Any,
) -> Task:
    """Return the training of a baseline network, with its options."""
    return _task(BASELINE, name, words, settings, device, options)


def _task(
    space: str,
    architecture: Any,
    words: EmbeddedDataset,
    settings: ClassifierSettings,
    device: str,
    options: Mapping[str, Any],
) -> Task:
    sizes = words.matrix.shape[1], len(words.data.labels)
    spec = NetworkSpec(space, architecture, *sizes, options)
    return Task(spec.identity, spec, words, settings, device)
