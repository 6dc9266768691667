"""Learning curves, and logs in the format of the NAS-Bench-NLP release."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nni_nlp_bench.core.files import atomic_write
from nni_nlp_bench.data.corpus import Corpus
from nni_nlp_bench.training.settings import Settings

if TYPE_CHECKING:
    from nni_nlp_bench.training.models import LanguageArchitecture

OK = "OK"
NAN = "loss is nan!"


@dataclass(slots=True)
class Curves:
    """Learning curves: one value per epoch.

    Losses are in nats per token, without dropout; times are seconds of training only.
    """

    train_losses: list[float] = field(default_factory=list)
    val_losses: list[float] = field(default_factory=list)
    test_losses: list[float] = field(default_factory=list)
    wall_times: list[float] = field(default_factory=list)
    status: str = OK
    """`OK`, or `loss is nan!` as in the release."""
    threads: int = 0
    """Number of threads of torch in the last session; 0 if unknown."""

    @property
    def epochs(self) -> int:
        """Number of completed epochs."""
        return len(self.val_losses)


@dataclass(frozen=True, slots=True)
class TrainingMetadata:
    """Metadata of a training: the architecture and the corpus."""

    recipe: str
    """The architecture as JSON."""
    recipe_id: int
    """Published id of the cell, or -1."""
    corpus: str
    digest: str
    """SHA-256 of the corpus."""
    num_params: int

    @classmethod
    def of(
        cls, recipe: LanguageArchitecture, recipe_id: int, corpus: Corpus, settings: Settings
    ) -> TrainingMetadata:
        """Return the metadata of a training."""
        from nni_nlp_bench.training.models import model_parameters

        parameters = model_parameters(recipe, len(corpus.vocabulary), settings)
        return cls(recipe.to_json(), recipe_id, corpus.name, corpus.digest, parameters)


def release_log(metadata: TrainingMetadata, settings: Settings, curves: Curves) -> dict[str, Any]:
    """Return the log fields of the release under their original names, and some more."""
    sizes, dropouts = settings.sizes, settings.dropouts
    return {
        "data": f"data/{metadata.corpus}",
        "recepie_id": metadata.recipe_id,
        "recepie": metadata.recipe,
        "model": json.loads(metadata.recipe).get("model", "CustomRNN"),
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
        "num_params": metadata.num_params,
        **asdict(curves),
        "weight_drop": settings.weight_drop,
        "precision": settings.precision,
        "seed": settings.seed,
        "corpus_digest": metadata.digest,
    }


def log_name(recipe: str, recipe_id: int, seed: int) -> str:
    """Return a file name as in the release; a hash of the recipe replaces a missing id."""
    name = recipe_id if recipe_id >= 0 else hashlib.sha256(recipe.encode("utf-8")).hexdigest()[:12]
    return f"log_stats_model_{name}_seed_{seed}.json"


def write_log(path: Path, log: dict[str, Any]) -> None:
    """Write a log atomically; a NaN loss is written as `NaN`, as in the release."""
    with atomic_write(path) as new:
        new.write_text(json.dumps(log), "utf-8")
