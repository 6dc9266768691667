"""One-shot task: search for a recurrent cell on a corpus."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, cast

from torch import Tensor, nn

from nni_nlp_bench.data.corpus import Corpus
from nni_nlp_bench.data.sentences.glove import Progress, no_progress
from nni_nlp_bench.one_shot.language.model import OneShotLanguageModel
from nni_nlp_bench.one_shot.language.module import LanguageModule
from nni_nlp_bench.one_shot.language.settings import REWARD, LanguageSettings
from nni_nlp_bench.one_shot.language.windows import RandomWindows, TrainWindows, rows_of
from nni_nlp_bench.one_shot.prunable import prunable_space
from nni_nlp_bench.one_shot.result import ValidationResult
from nni_nlp_bench.one_shot.task import Epoch, RewardCallback
from search_spaces.enas_cell import Cell, CellError
from search_spaces.enas_cell.recipe import to_recipe
from search_spaces.pruning import PrunableSpace


@dataclass(frozen=True)
class LanguageTask:
    """Search for a cell in a small language model; the reward is 80 / perplexity."""

    corpus: Corpus
    settings: LanguageSettings = field(default_factory=LanguageSettings)
    space = "enas_cell"
    reward = "80 / perplexity"
    metric, maximize = "perplexity", False

    def prepare(self, progress: Progress = no_progress) -> None:
        """Do nothing: a corpus needs no preparation."""

    def metadata(self) -> dict[str, Any]:
        """Return the name and digest of the corpus."""
        return {"corpus": self.corpus.name, "digest": self.corpus.digest}

    def model_space(self, seed: int) -> OneShotLanguageModel:
        """Return the supernet: the language model around all cells."""
        s = self.settings
        words = len(self.corpus.vocabulary)
        return OneShotLanguageModel(words, s.nodes, s.width, s.dropout, seed)

    def module(self, seed: int, on_reward: RewardCallback) -> LanguageModule:
        """Return the training of the shared weights."""
        return LanguageModule(self.settings, seed, on_reward)

    def train(self, seed: int, epoch: Epoch) -> TrainWindows:
        """Return all windows of the training text, in order. Raises UserError for a short text."""
        s = self.settings
        return TrainWindows(rows_of(self.corpus.train, s.batch_size, "train"), s.bptt)

    def valid(self, seed: int, epoch: Epoch) -> RandomWindows:
        """Return random windows of the validation text. Raises UserError for a short text."""
        s = self.settings
        return RandomWindows(self._valid, s.bptt, s.valid_windows, seed, epoch)

    def measure(self, module: Any, architecture: Cell) -> ValidationResult:
        """Return the perplexity of the whole validation text."""
        model = module.model
        cell = model.freeze(model.cell.choices.to_sample(architecture))
        perplexity = cell.perplexity(self._valid, self.settings.bptt)
        return ValidationResult(REWARD / perplexity, {"perplexity": perplexity})

    def prunable(self) -> PrunableSpace:
        """Return how the supernet of the space is pruned."""
        return prunable_space(self.space)

    def kernel_outputs(self, model: Any, samples: int, seed: int) -> Callable[[], Sequence[Tensor]]:
        """Return a function that gives the logits of columns of the training text's beginning."""
        tokens = next(iter(self.train(seed, lambda: 0))).inputs[:, :samples]

        def outputs() -> Sequence[Tensor]:
            logits, _ = model(tokens)
            return cast(Sequence[Tensor], logits.view(*tokens.shape, -1).unbind(1))

        return outputs

    def kernel_weights(self, model: Any) -> nn.Module:
        """Return the cell: the embedding, which is also the decoder, stays as drawn."""
        return cast(nn.Module, model.cell)

    def run_thin(self, model: Any, inputs: Tensor) -> None:
        """Run a cell on random inputs (samples, length, 1) in place of embedded words."""
        model.cell.unroll(inputs.transpose(0, 1))

    def extra_outputs(self, architecture: Cell) -> dict[str, Any]:
        """Return the equivalent recipe of NAS-Bench-NLP, or why there is none."""
        try:
            recipe, why = json.loads(to_recipe(architecture).to_json()), None
        except CellError as error:
            recipe, why = None, str(error)
        return {"recipe": recipe, "why_no_recipe": why}

    @cached_property
    def _valid(self) -> Tensor:
        return rows_of(self.corpus.valid, self.settings.batch_size, "valid")
