"""A training's curves, and the log of them in the format of NAS-Bench-NLP's release."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nni_nlp_bench.core.files import atomic_write
from nni_nlp_bench.data.corpus import Corpus
from nni_nlp_bench.training.settings import Settings
from search_spaces.rnn_cell.language_model import language_model_parameters

if TYPE_CHECKING:
    from nni_nlp_bench.training.cells import AnyCell

OK = "OK"
NAN = "loss is nan!"


@dataclass(slots=True)
class Curves:
    """One value an epoch: losses in nats per token without dropout, seconds of training alone."""

    train_losses: list[float] = field(default_factory=list)
    val_losses: list[float] = field(default_factory=list)
    test_losses: list[float] = field(default_factory=list)
    wall_times: list[float] = field(default_factory=list)
    status: str = OK
    """`OK`, or the release's word for a training that broke off: `loss is nan!`."""

    @property
    def epochs(self) -> int:
        """Epochs trained."""
        return len(self.val_losses)


@dataclass(frozen=True, slots=True)
class TrainingMetadata:
    """What was trained on what."""

    recipe: str
    """JSON text."""
    recipe_id: int
    """Its published id, or -1."""
    corpus: str
    digest: str
    """Of the corpus."""
    num_params: int

    @classmethod
    def of(
        cls, recipe: AnyCell, recipe_id: int, corpus: Corpus, settings: Settings
    ) -> TrainingMetadata:
        """The subject of a training."""
        layers = settings.sizes.of_layers()
        parameters = language_model_parameters(recipe, len(corpus.vocabulary), layers)
        return cls(recipe.to_json(), recipe_id, corpus.name, corpus.digest, parameters)


def release_log(subject: TrainingMetadata, settings: Settings, curves: Curves) -> dict[str, Any]:
    """The fields of a log of the release, under its own names, and a few of ours beside them."""
    sizes, dropouts = settings.sizes, settings.dropouts
    return {
        "data": f"data/{subject.corpus}",
        "recepie_id": subject.recipe_id,
        "recepie": subject.recipe,
        "model": "CustomRNN",
        "batch_size": settings.batch_size,
        "eval_batch_size": settings.eval_batch_size,
        "emsize": sizes.embedding,
        "nhid": sizes.hidden,
        "nlayers": sizes.layers,
        "dropout": dropouts.output,
        "dropouth": dropouts.hidden,
        "dropouti": dropouts.input,
        "dropoute": dropouts.embedding,
        "wdrop": dropouts.weight,
        "tied": True,
        "bptt": settings.bptt,
        "lr": settings.learning_rate,
        "wdecay": settings.weight_decay,
        "epochs": settings.epochs,
        "alpha": settings.activation_penalty,
        "beta": settings.slowness_penalty,
        "clip": settings.clip,
        "num_params": subject.num_params,
        **asdict(curves),
        "weight_drop": settings.weight_drop,
        "precision": settings.precision,
        "seed": settings.seed,
        "corpus_digest": subject.digest,
    }


def log_name(recipe: str, recipe_id: int, seed: int) -> str:
    """A file name like those of the release; a cell without an id is named by its recipe."""
    name = recipe_id if recipe_id >= 0 else hashlib.sha256(recipe.encode("utf-8")).hexdigest()[:12]
    return f"log_stats_model_{name}_seed_{seed}.json"


def write_log(path: Path, log: dict[str, Any]) -> None:
    """Write a log whole or not at all; a loss that is NaN is written `NaN`, as the release does."""
    with atomic_write(path) as new:
        new.write_text(json.dumps(log), "utf-8")
