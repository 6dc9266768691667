"""Model card: the README.md of a model folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from nni_nlp_bench.core.printable import printable
from nni_nlp_bench.models.manifest import Manifest

_LIMITS = {
    "network": "Words that did not occur in the training data are treated as unknown.",
    "tfidf": "Words and bigrams that did not occur in the training data are ignored.",
    "transformer": "Texts are lower-cased and truncated as in the training.",
    "language_model": "Words outside the vocabulary count as `<unk>`.",
}
_LIBRARY_USE = {
    "classifier": 'model.predict(["a text"])[0].label',
    "language_model": 'model.generate("the", n_words=20)',
}


def model_card(manifest: Manifest, code: str | None = None) -> str:
    """Return the text of a model card in Markdown.

    Args:
        manifest: Description of the model.
        code: Python code that uses it; None for that of a model folder.
    """
    return "\n".join(_lines(manifest, code)) + "\n"


def _lines(manifest: Manifest, code: str | None) -> Iterator[str]:
    yield f"# {printable(manifest.name)}"
    yield ""
    yield f"{_purpose(manifest)} Origin: {printable(manifest.origin)}."
    yield ""
    yield "## Use"
    yield ""
    yield from _use(manifest) if code is None else ("```python", code, "```", "")
    for title, values in (
        ("Metrics", manifest.metrics),
        ("Data", manifest.data),
        ("Training", manifest.training),
        ("Licences", manifest.licences),
    ):
        if values:
            yield from _section(title, values)
    yield "## Limits"
    yield ""
    yield f"- {_LIMITS.get(manifest.kind, 'See the documentation of its kind.')}"
    yield "- The metrics hold for texts like those of the training data."


def _use(manifest: Manifest) -> Iterator[str]:
    task = "language_model" if manifest.labels is None else "classifier"
    yield from ("```python", "import nni_nlp_bench as nb", "", 'model = nb.load_model(".")')
    yield from (_LIBRARY_USE[task], "```", "")
    if task == "classifier":
        yield from ("    nni-nlp-bench predict . --input texts.csv", "")


def _purpose(manifest: Manifest) -> str:
    if manifest.labels is None:
        return "Language model."
    shown = ", ".join(printable(label) for label in manifest.labels[:20])
    more = "" if len(manifest.labels) <= 20 else f" and {len(manifest.labels) - 20} more"
    return f"Text classifier with the labels {shown}{more}."


def _section(title: str, values: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"## {title}", "", "| | |", "|---|---|")
    for name, value in values.items():
        yield f"| {_cell(name.replace('_', ' '))} | {_cell(_shown(value))} |"
    yield ""


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_shown(each)}" for name, each in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_shown, value))
    return str(value)


def _cell(text: str) -> str:
    return printable(text).replace("|", "\\|").replace("\n", " ")
