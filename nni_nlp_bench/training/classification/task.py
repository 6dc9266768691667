"""What a classifier's training works on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from torch import nn

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.data.sentences.glove import Progress, no_progress
from nni_nlp_bench.training.classification.batches import Encoded
from nni_nlp_bench.training.classification.classifier import Classifier, Embedding
from nni_nlp_bench.training.classification.settings import ClassifierSettings
from nni_nlp_bench.training.classification.trainer import Trainer
from nni_nlp_bench.training.classification.words import EmbeddedDataset
from nni_nlp_bench.training.seeding import seeded
from search_spaces.base import SPACES, SentenceSpace, get_space


def sentence_space(name: str) -> Any:
    """The space of that name, whose networks classify sentences. Raises UserError."""
    space = get_space(name)
    if not isinstance(space, SentenceSpace):
        known = ", ".join(each for each in SPACES if classifies(each))
        raise UserError(f"networks of {name} do not classify sentences, those of {known} do")
    return space


def classifies(space: str) -> bool:
    """Whether the networks of the space of that name classify sentences."""
    return isinstance(get_space(space), SentenceSpace)


def width_for(space: str, width: int | None, usual: int) -> dict[str, int]:
    """The width of a space's networks as an option of theirs: the usual one where none is given.

    Empty for a space whose architectures tell the widths. Raises UserError where it is given one.
    """
    if "width" in sentence_space(space).classifier_options:
        return {"width": usual if width is None else width}
    if width is not None:
        raise UserError(f"architectures of {space} tell the width of their networks: give none")
    return {}


def split_options(space: SentenceSpace, options: Mapping[str, Any]) -> tuple[dict[str, Any], ...]:
    """Options by name as those of the space's networks and fields of `ClassifierSettings`.

    One dropout is for layers and words alike, unless that of words is told.
    """
    own = space.classifier_options
    sizes = {name: value for name, value in options.items() if name in own}
    schedule = {name: value for name, value in options.items() if name not in own}
    if "dropout" in sizes:
        schedule.setdefault("embedding_dropout", sizes["dropout"])
    return sizes, schedule


@dataclass(frozen=True)
class Task:
    """A network, sentences, and how it is trained on them."""

    identity: str
    """Tells the network: a checkpoint of another one is refused."""
    network: Callable[[], nn.Module]
    """Draws its weights from torch's global generator."""
    words: EmbeddedDataset
    settings: ClassifierSettings
    device: str = "cpu"

    def trainer(self) -> Trainer:
        """The training at its start."""
        data = self.encoded(*self.settings.train_on.split("+"))
        with seeded(self.settings.seed):
            model = self.model(data)
        return Trainer(model, data, self.settings, self.device)

    def model(self, data: Encoded) -> Classifier:
        """What is trained on the data."""
        network = self.network()
        return Classifier(Embedding(self.words.matrix, self.settings.embedding_dropout), network)

    def prepare(self, progress: Progress = no_progress) -> None:
        """Do what takes long before the training begins, where there is such a thing."""

    def encoded(self, *parts: str) -> Encoded:
        """The sentences of some parts."""
        sentences = [s for part in parts for s in getattr(self.words.data, part)]
        return Encoded.of(sentences, self.words.vocabulary, self.settings.max_length)

    def metadata(self) -> dict[str, Any]:
        """What a checkpoint must share with the training that goes on from it."""
        words = {"data": self.words.data.digest, "vectors": self.words.source}
        return {"network": self.identity, **words, **asdict(self.settings)}


def network_of(
    space: str, architecture: Any, words: EmbeddedDataset, **options: Any
) -> tuple[str, Callable[[], nn.Module]]:
    """Identity and maker of an architecture's network for these words; options as the space's
    `classifier` takes them. Raises UserError."""
    known = sentence_space(space)
    widths = {"vectors": words.matrix.shape[1], "classes": len(words.data.labels)}
    make = partial(known.classifier, architecture, **widths, **options)
    shown = ", ".join(f"{name}={value}" for name, value in sorted((widths | options).items()))
    return f"{space} {architecture.canonical_key} {shown}", make


def network_task(
    space: str,
    architecture: Any,
    words: EmbeddedDataset,
    settings: ClassifierSettings,
    *,
    device: str = "cpu",
    **options: Any,
) -> Task:
    """The classifier of an architecture; options as its space takes them. Raises UserError."""
    return Task(*network_of(space, architecture, words, **options), words, settings, device)
