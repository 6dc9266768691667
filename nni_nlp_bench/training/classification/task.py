"""What a classifier's training works on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from torch import nn

from nni_nlp_bench.training.classification.batches import Encoded
from nni_nlp_bench.training.classification.classifier import Classifier, Embedding
from nni_nlp_bench.training.classification.settings import ClassifierSettings
from nni_nlp_bench.training.classification.trainer import Trainer
from nni_nlp_bench.training.classification.words import Words
from nni_nlp_bench.training.seeding import seeded
from search_spaces.textnas import Arc
from search_spaces.textnas.network import Sizes, TextNas

SIZES = ("width", "dropout", "batch_norm", "strict")
"""The fields of `Sizes` that are not the data's."""


def divided(options: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Options by name as fields of `Sizes` and of `ClassifierSettings`.

    One dropout is for layers and words alike, unless that of words is told.
    """
    sizes = {name: value for name, value in options.items() if name in SIZES}
    schedule = {name: value for name, value in options.items() if name not in SIZES}
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
    words: Words
    settings: ClassifierSettings
    device: str = "cpu"

    def trainer(self) -> Trainer:
        """The training at its start."""
        s = self.settings
        with seeded(s.seed):
            network = self.network()
        model = Classifier(Embedding(self.words.matrix, s.embedding_dropout), network)
        return Trainer(model, self.encoded(*s.train_on.split("+")), s, self.device)

    def encoded(self, *parts: str) -> Encoded:
        """The sentences of some parts."""
        sentences = [s for part in parts for s in getattr(self.words.data, part)]
        return Encoded.of(sentences, self.words.vocabulary, self.settings.max_length)

    def facts(self) -> dict[str, Any]:
        """What a checkpoint must share with the training that goes on from it."""
        words = {"data": self.words.data.digest, "vectors": self.words.source}
        return {"network": self.identity, **words, **asdict(self.settings)}


def textnas_task(
    arc: Arc, words: Words, settings: ClassifierSettings, *, device: str = "cpu", **sizes: Any
) -> Task:
    """The classifier of an architecture; `sizes` holds fields of `Sizes`. Raises UserError."""
    known = Sizes(vectors=words.matrix.shape[1], classes=len(words.data.labels), **sizes)
    identity = f"{arc.canonical_key} {known}"
    return Task(identity, partial(TextNas, arc, known), words, settings, device)
