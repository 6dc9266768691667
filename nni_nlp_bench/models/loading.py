"""Loading of model folders."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, Union

from nni_nlp_bench.core.input_files import user_path
from nni_nlp_bench.core.registry import Registry
from nni_nlp_bench.models.base import TextClassifier
from nni_nlp_bench.models.manifest import Manifest, ModelError, model_folder

if TYPE_CHECKING:
    from nni_nlp_bench.models.language import LanguageModel

AnyModel: TypeAlias = Union[TextClassifier, "LanguageModel"]

KINDS: Registry[type[AnyModel]] = Registry(
    "kind of model",
    "nni_nlp_bench.models",
    {
        "language_model": "nni_nlp_bench.models.language:LanguageModel",
        "network": "nni_nlp_bench.models.network:NetworkClassifier",
        "tfidf": "nni_nlp_bench.models.tfidf:TfidfClassifier",
        "transformer": "nni_nlp_bench.models.transformer:TransformerClassifier",
    },
    requires=("load",),
)
"""Classes of models by the `kind` in their description."""


def load_model(folder: str | Path) -> AnyModel:
    """Load a trained model.

    >>> import nni_nlp_bench as nb
    >>> model = nb.load_model("runs/reviews/model")            # doctest: +SKIP
    >>> model.predict(["A film to remember."])[0].label        # doctest: +SKIP
    'positive'

    Args:
        folder: A model folder, or the output folder of the training that wrote it.

    Returns:
        A `TextClassifier`, or a `LanguageModel`.

    Raises:
        UserError: The folder has no model, is damaged, or needs an extra that is not installed.
    """
    found = model_folder(user_path(str(folder)))
    manifest = Manifest.read(found)
    return KINDS.get(manifest.kind).load(found, manifest)


def load_classifier(folder: str | Path) -> TextClassifier:
    """Load a trained text classifier. Raises UserError, also for a language model."""
    model = load_model(folder)
    if not isinstance(model, TextClassifier):
        raise ModelError(f"{folder} is a language model: it predicts no labels")
    return model
