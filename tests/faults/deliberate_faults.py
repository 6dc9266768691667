"""Deliberate faults over all packages, each with the test that catches it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Tier = Literal["quick", "slow"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One change of a source file that makes the program wrong."""

    name: str
    what: str
    """The fault in a few words, for the table of docs/testing.md."""
    file: str
    before: str
    """A piece of the file that occurs in it once."""
    after: str
    test: str
    """What must fail: a file and the name of a test in it."""
    tier: Tier = "quick"
    """Where that test runs: in `make test`, or in `make test-all` alone."""

    @property
    def package(self) -> str:
        """The package of the file, without the namespace that all share."""
        return self.file.removeprefix("nni_nlp_bench/").rpartition("/")[0]


FAULTS = (
    Fault(
        name="recurrence-sign",
        what="swapped sign in the gradient of a blend",
        file="search_spaces/rnn_cell/recurrence/factors.py",
        before="(_DIFFERENCE, ONE, a)",
        after="(_TOTAL, ONE, a)",
        test="tests/search_spaces/rnn_cell/test_recurrence.py::test_gradcheck",
    ),
    Fault(
        name="textnas-sort",
        what="missing sort in the normal form",
        file="search_spaces/textnas/canonical.py",
        before="tuple(sorted(new[skip] for skip in skips))",
        after="tuple(new[skip] for skip in skips)",
        test="tests/search_spaces/textnas/test_canonical.py::test_the_order_of_layers_means_nothing",
    ),
    Fault(
        name="emd-cell-mean",
        what="average pool divides by padding too",
        file="search_spaces/emd_cell/ops.py",
        before="means / words.clamp(min=1 / POOL)",
        after="means",
        test="tests/search_spaces/emd_cell/test_network.py::test_every_op_is_what_its_formula_says",
    ),
    Fault(
        name="enas-cell-gate",
        what="swapped arguments of the gate",
        file="search_spaces/enas_cell/network.py",
        before="read + gate * (bent - read)",
        after="bent + gate * (read - bent)",
        test="tests/search_spaces/enas_cell/test_network.py::test_the_network_is_the_papers_formula",
    ),
    Fault(
        name="encoder-mask",
        what="dropped mask: words attend to padding",
        file="search_spaces/encoder/operations.py",
        before="products.masked_fill(~words[:, None, None], -torch.inf)",
        after="products",
        test="tests/search_spaces/encoder/test_network.py"
        "::test_every_operation_is_what_its_formula_says",
    ),
    Fault(
        name="asr-cell-dilation",
        what="dropped dilation, as in the release's code",
        file="search_spaces/asr_cell/network.py",
        before="stride=stride, dilation=dilation",
        after="stride=stride, dilation=1",
        test="tests/search_spaces/asr_cell/test_network.py"
        "::test_every_operation_is_what_its_formula_says",
    ),
    Fault(
        name="asr-cell-identity",
        what="nodes that swap places count as others",
        file="search_spaces/asr_cell/canonical.py",
        before="return min(_renumbered",
        after="return next(_renumbered",
        test="tests/search_spaces/asr_cell/test_architecture.py"
        "::test_the_key_is_that_of_the_function",
    ),
    Fault(
        name="error-rate-sign",
        what="an error rate is maximised",
        file="nni_nlp_bench/benchmarks/units.py",
        before='"error_percent", "minimize"',
        after='"error_percent", "maximize"',
        test="tests/nni_nlp_bench/benchmarks/test_nas_bench_asr.py"
        "::test_an_error_rate_is_minimised_everywhere",
    ),
    Fault(
        name="table-epoch",
        what="a query answers with the epoch before",
        file="nni_nlp_bench/benchmarks/table.py",
        before="column = reached - 1 if",
        after="column = reached - 2 if",
        test="tests/nni_nlp_bench/benchmarks/test_table.py"
        "::test_final_result_is_the_first_run_after_the_last_epoch",
    ),
    Fault(
        name="decoder-parameters",
        what="biases of the rarer clusters' rows in the softmax are not counted",
        file="search_spaces/lts/parameters.py",
        before="tails = (len(widths) - 1) * (decoder.d_embed + 1)",
        after="tails = (len(widths) - 1) * decoder.d_embed",
        test="tests/search_spaces/lts/test_parameters.py::test_the_first_decoder",
    ),
    Fault(
        name="download-checksum",
        what="skipped checksum of a download",
        file="nni_nlp_bench/benchmarks/download.py",
        before="    found = content_id(part)",
        after="    found = blob_id",
        test="tests/nni_nlp_bench/benchmarks/test_download.py::test_a_wrong_file_is_removed",
    ),
    Fault(
        name="unequal-cost",
        what="strategies with shorter trainings get as many evaluations as others",
        file="nni_nlp_bench/api/searches.py",
        before="mixed = len(configs) > 1 and any(",
        after="mixed = len(configs) > 1 and all(",
        test="tests/nni_nlp_bench/test_api.py::test_unequal_trainings_are_compared_at_equal_cost",
    ),
    Fault(
        name="exit-code",
        what="an error of the user ends with exit code 1",
        file="nni_nlp_bench/cli/app.py",
        before="raise typer.Exit(2) from None",
        after="raise typer.Exit(1) from None",
        test="tests/nni_nlp_bench/cli/test_command.py::test_an_error_is_one_line_on_stderr",
    ),
    Fault(
        name="clock-checkpoint",
        what="a training does not wait for its checkpoint",
        file="nni_nlp_bench/evaluators/clock.py",
        before="end = max(start, after_s) + duration_s",
        after="end = start + duration_s",
        test="tests/nni_nlp_bench/evaluators/test_simulation.py"
        "::test_a_checkpoint_is_used_after_the_training_that_leaves_it",
    ),
    Fault(
        name="journal-cut",
        what="a line that a crash cut short is read",
        file="nni_nlp_bench/evaluators/json_lines.py",
        before='return content[: content.rfind(b"\\n") + 1]',
        after="return content",
        test="tests/nni_nlp_bench/evaluators/test_journal.py::test_a_line_cut_short_is_dropped",
    ),
    Fault(
        name="asha-promotion",
        what="a rung promotes one too many",
        file="nni_nlp_bench/strategies/algorithms/multi_fidelity/asha.py",
        before="self._ranked[: self._size // eta]",
        after="self._ranked[: self._size // eta + 1]",
        test="tests/nni_nlp_bench/strategies/algorithms/test_asha.py::test_promotions_are_those_of_the_definition",
    ),
    Fault(
        name="improvement-sign",
        what="swapped sign in the expected improvement",
        file="nni_nlp_bench/strategies/models/acquisition.py",
        before="z = (mean - best) / std",
        after="z = (best - mean) / std",
        test="tests/nni_nlp_bench/strategies/algorithms/test_mf_kd.py::test_acquisitions_by_hand",
    ),
    Fault(
        name="rank-of-failures",
        what="failed trainings count as the best",
        file="nni_nlp_bench/strategies/models/rank_gaussian_process.py",
        before="worst = min(finished, default=0.0)",
        after="worst = max(finished, default=0.0)",
        test="tests/nni_nlp_bench/strategies/models/test_rank_gaussian_process.py"
        "::test_failures_count_as_the_worst_score_and_ties_share_their_ranks",
    ),
    Fault(
        name="surrogate-ranking",
        what="strategies that see the surrogate's features are ranked",
        file="nni_nlp_bench/reports/unranked.py",
        before="if count and _sees(name)",
        after="if not count and _sees(name)",
        test="tests/nni_nlp_bench/reports/test_sections.py"
        "::test_models_of_the_surrogate_s_features_are_not_ranked",
    ),
    Fault(
        name="promotion-direction",
        what="the worst short trainings are promoted",
        file="nni_nlp_bench/strategies/models/observations.py",
        before="ranked = sorted(self._by_key.values(), key=lambda entry: entry[2], reverse=True)",
        after="ranked = sorted(self._by_key.values(), key=lambda entry: entry[2])",
        test="tests/nni_nlp_bench/strategies/algorithms/test_mf_kd.py"
        "::test_the_best_of_the_short_trainings_are_promoted",
    ),
    Fault(
        name="ranking-direction",
        what="strategies are ranked from the worst to the best",
        file="nni_nlp_bench/reports/ranking.py",
        before="(math.isnan(row.regret), row.regret)",
        after="(math.isnan(row.regret), -row.regret)",
        test="tests/nni_nlp_bench/reports/test_measures.py"
        "::test_strategies_are_ranked_by_mean_regret",
    ),
    Fault(
        name="holm-factors",
        what="Holm's factors in reverse order",
        file="nni_nlp_bench/reports/statistics.py",
        before="factors = len(p_values) - np.arange(len(p_values))",
        after="factors = 1 + np.arange(len(p_values))",
        test="tests/nni_nlp_bench/reports/test_statistics.py::test_holm_by_hand",
    ),
    Fault(
        name="score-sign",
        what="swapped sign of a zero-cost score",
        file="nni_nlp_bench/zero_cost/spectra.py",
        before="float(-np.sum(np.log(shifted) + 1 / shifted))",
        after="float(np.sum(np.log(shifted) + 1 / shifted))",
        test="tests/nni_nlp_bench/zero_cost/test_scores.py::test_spectra_of_known_matrices",
    ),
    Fault(
        name="padding-units",
        what="units of padding count in a kernel of activation codes",
        file="nni_nlp_bench/zero_cost/codes.py",
        before="active & counted, inactive & counted",
        after="active & counted, inactive",
        test="tests/nni_nlp_bench/zero_cost/test_sentence_scores.py"
        "::test_a_unit_counts_where_both_texts_have_a_word",
    ),
    Fault(
        name="training-epoch",
        what="off by one: an epoch more is trained",
        file="nni_nlp_bench/training/run.py",
        before="while curves.epochs < settings.epochs and",
        after="while curves.epochs <= settings.epochs and",
        test="tests/nni_nlp_bench/training/test_run.py"
        "::test_a_finished_training_is_not_repeated_and_can_be_made_longer",
    ),
    Fault(
        name="dropout-mask",
        what="another dropout mask for every step",
        file="nni_nlp_bench/training/language_model.py",
        before="(1, *value.shape[1:])",
        after="value.shape",
        test="tests/nni_nlp_bench/training/test_language_model.py"
        "::test_dropout_uses_one_mask_for_all_steps_and_drops_whole_words",
    ),
    Fault(
        name="policy-baseline",
        what="the baseline is added to the reward",
        file="nni_nlp_bench/one_shot/textnas_enas.py",
        before="draw.log_probability * (value - self.baseline)",
        after="draw.log_probability * (value + self.baseline)",
        test="tests/nni_nlp_bench/one_shot/test_textnas_enas.py"
        "::test_the_baseline_starts_at_the_first_reward_and_follows_slowly",
    ),
    Fault(
        name="features-key",
        what="two teachers share one cache of features",
        file="nni_nlp_bench/distillation/features.py",
        before="hashlib.sha256(teacher.digest.encode())",
        after="hashlib.sha256()",
        test="tests/nni_nlp_bench/distillation/test_features.py"
        "::test_another_teacher_has_its_own_features",
    ),
    Fault(
        name="dev-split",
        what="sentences of the development part are trained on",
        file="nni_nlp_bench/data/sentences/rows.py",
        before="[row for row in rows if share(row.words)]",
        after="list(rows)",
        test="tests/nni_nlp_bench/data/sentences/test_pairs.py::test_a_tenth_of_rte_is_dev",
    ),
    Fault(
        name="split-leak",
        what="texts of dev and test of a file are also in train",
        file="nni_nlp_bench/data/sentences/split.py",
        before='part_of.get(row.words, "train") == part',
        after='part in ("train", part_of.get(row.words))',
        test="tests/nni_nlp_bench/data/sentences/test_split.py"
        "::test_no_row_is_lost_and_no_text_is_in_two_parts",
    ),
    Fault(
        name="pair-features",
        what="dropped absolute value in the features of pairs",
        file="nni_nlp_bench/probing/features.py",
        before="abs(first - second)",
        after="first - second",
        test="tests/nni_nlp_bench/probing/test_features.py::test_pairs_by_hand",
    ),
    Fault(
        name="tuner-sign",
        what="losses are maximised, rewards minimised",
        file="nni_nlp_bench/frameworks/nni/tuning/ask_tell_tuner.py",
        before="-reward if self._lower_is_better else reward",
        after="reward if self._lower_is_better else -reward",
        test="tests/nni_nlp_bench/frameworks/nni/test_tuner.py"
        "::test_optimize_mode_selects_the_better_result",
    ),
    Fault(
        name="naslib-epoch",
        what="NASLib's epochs count from 1",
        file="nni_nlp_bench/frameworks/naslib/adapter.py",
        before="min(epoch + 1, api.epochs)",
        after="min(epoch, api.epochs)",
        test="tests/nni_nlp_bench/frameworks/naslib/test_adapter.py"
        "::test_epochs_count_from_zero_and_end_with_the_last",
    ),
    Fault(
        name="parallel-repeated",
        what="an interrupted scoring begins again",
        file="nni_nlp_bench/parallel/score.py",
        before="for text in texts if text not in known]",
        after="for text in texts]",
        test="tests/nni_nlp_bench/parallel/test_parallel.py::test_interrupted_scoring_is_resumed",
    ),
    Fault(
        name="out-lock",
        what="lost lock: two searches write into one folder",
        file="nni_nlp_bench/core/output_dir.py",
        before="FileLock(out / LOCK, timeout=0)",
        after='FileLock(out / f"{LOCK}-{id(settings)}", timeout=0)',
        test="tests/nni_nlp_bench/cli/test_search.py::test_one_folder_takes_one_search_at_a_time",
    ),
    Fault(
        name="automl-tolerance",
        what="swapped sign in the accuracy that a smaller model may lack",
        file="nni_nlp_bench/automl/scores.py",
        before="by_accuracy[0].accuracy - TOLERANCE",
        after="by_accuracy[0].accuracy + TOLERANCE",
        test="tests/nni_nlp_bench/automl/test_choice.py::test_the_objective_orders_the_models",
    ),
    Fault(
        name="model-checksum",
        what="the files of a model folder are not checked",
        file="nni_nlp_bench/models/manifest.py",
        before="            if not intact:",
        after="            if not intact and not name:",
        test="tests/nni_nlp_bench/models/test_faults.py::test_a_damaged_file",
    ),
    Fault(
        name="optuna-reports",
        what="the loss of a full training is reported after every epoch",
        file="nni_nlp_bench/frameworks/optuna/objective.py",
        before="simulation.evaluate(architecture, epoch)",
        after="simulation.evaluate(architecture, epoch and last)",
        test="tests/nni_nlp_bench/frameworks/optuna/test_objective.py"
        "::test_losses_are_reported_epoch_by_epoch",
    ),
    Fault(
        name="cluster-resume",
        what="an interrupted search counts as complete",
        file="nni_nlp_bench/parallel/searches.py",
        before="        if journal.finished:",
        after="        if len(journal):",
        test="tests/nni_nlp_bench/parallel/test_searches.py::test_only_what_is_incomplete_is_run",
    ),
    Fault(
        name="cross-entropy-mean",
        what="gradients of a sum in place of a mean",
        file="nni_nlp_bench/training/cross_entropy.py",
        before="scale = 1 / (len(x) * total)",
        after="scale = 1 / total",
        test="tests/nni_nlp_bench/training/test_cross_entropy.py::test_loss_and_gradients_are_torchs",
    ),
    Fault(
        name="automl-longer",
        what="the shorter of two trainings is kept",
        file="nni_nlp_bench/automl/training.py",
        before="best_accuracy(again) > best_accuracy(curves)",
        after="best_accuracy(again) < best_accuracy(curves)",
        test="tests/nni_nlp_bench/automl/test_longer_training.py::test_the_better_training_is_kept",
    ),
)
