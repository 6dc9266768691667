"""Models of a user's own texts: `automl`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from nni_nlp_bench.automl.result import AutoMLResult
    from nni_nlp_bench.automl.settings import Objective

AUTO: Literal["auto"] = "auto"


def automl(
    source: str | Path,
    out: str | Path,
    *,
    text: str | None = None,
    label: str | None = None,
    pair: str | None = None,
    time_s: float = 1800.0,
    objective: Objective = "accuracy",
    spaces: Sequence[str] | None = None,
    strategy: str = "asha",
    encoder: str | None = AUTO,
    vectors: str | None = AUTO,
    seed: int = 0,
    device: str = "cpu",
    threads: int | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> AutoMLResult:
    """Find and train a text classifier for labelled texts.

    Baselines come first, then the fine-tuning of a small pretrained encoder, and a search for an
    architecture. The best model by the objective is trained on train and dev, evaluated on test
    and saved.

    >>> import nni_nlp_bench as nb
    >>> result = nb.automl("reviews.csv", "runs/reviews", time_s=600)   # doctest: +SKIP
    >>> result.model.predict(["A film to remember."])[0].label          # doctest: +SKIP
    'positive'

    Args:
        source: A file (.csv, .tsv, .jsonl, .parquet), a folder with train, dev and test,
            `datasets:NAME`, or the name of a labelled set.
        out: Output folder; the same call resumes an interrupted run in it.
        text: Column of the text; None to find it.
        label: Column of the label; None to find it.
        pair: Column of the second text of sentence pairs; None if there is none.
        time_s: Seconds that it may take.
        objective: `accuracy`, `macro_f1`, or `smallest` or `fastest` within one point of the
            highest accuracy.
        spaces: Names of the spaces that are searched; None for the usual ones.
        strategy: Strategy of the searches.
        encoder: Pretrained encoder: a name or a folder; None for none, `auto` for the one of the
            extra `distillation` if it is installed.
        vectors: Word vectors without an encoder: a name or a file; None for random ones, `auto`
            for those of the extra `vectors` if it is installed.
        seed: Seed of weights, samples and searches.
        device: Torch device.
        threads: Number of CPU threads; None to measure how many are fastest.
        progress: Called with what is done now, and the share of it that is done.

    Returns:
        The leaderboard, the evaluation on the test set, and the model.

    Raises:
        UserError: The texts cannot be used, or a file cannot be written.
    """
    from nni_nlp_bench.automl import settings as defaults
    from nni_nlp_bench.core.extras import optional_imports
    from nni_nlp_bench.data.sentences.preparation import prepare_labelled

    settings = defaults.AutoMLSettings(
        time_s=time_s,
        objective=objective,
        spaces=defaults.SPACES if spaces is None else tuple(spaces),
        strategy=strategy,
        encoder=defaults.installed_encoder() if encoder == AUTO else encoder,
        vectors=defaults.installed_vectors() if vectors == AUTO else vectors,
        seed=seed,
        device=device,
        threads=threads,
    )
    prepared = prepare_labelled(str(source), text=text, label=label, pair=pair)
    with optional_imports():
        from nni_nlp_bench.automl.run import run_automl

        return run_automl(prepared, settings, Path(out), progress or (lambda what, share: None))
