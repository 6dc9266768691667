"""All cells in one network: paths and mixtures against what they stand for."""

from __future__ import annotations

import copy
import logging
from collections.abc import Iterator
from functools import cache
from typing import Any

import nni
import numpy as np
import pytest
import torch
from nni.mutable import SampleValidationError
from nni.nas.evaluator import FunctionalEvaluator
from nni.nas.evaluator.pytorch import DataLoader, Lightning, LightningModule, Trainer
from nni.nas.execution import SequentialExecutionEngine
from nni.nas.space import RawFormatModelSpace, model_context
from nni.nas.strategy import (
    DARTS,
    ENAS,
    GumbelDARTS,
    Proxyless,
    Random,
    RandomOneShot,
    RegularizedEvolution,
)
from torch import Tensor
from torch.nn import functional

from nni_nlp_bench.core.errors import UserError
from search_spaces.emd_cell import EmdCell, moves
from search_spaces.emd_cell.architecture import EDGES, OPS
from search_spaces.emd_cell.model_space import EmdCellModelSpace
from search_spaces.emd_cell.network import EmdCellNetwork
from search_spaces.emd_cell.sizes import Sizes
from search_spaces.emd_cell.supernet import MIXED_OPS, MixedEdges, SampledEdges
from search_spaces.sequences import MaskedNorm, padding_of, stem_input, use_batch_statistics

CELLS, VECTORS, WIDTH, CLASSES = 3, 3, 4, 3
SIZES: dict[str, Any] = {
    "cells": CELLS,
    "vectors": VECTORS,
    "width": WIDTH,
    "classes": CLASSES,
    "dropout": 0.0,
}
VARIANTS = [(output, strict) for output in ("concat", "addnorm") for strict in (False, True)]
# Both outputs and both modes, each once in the quick tests.
MARKED_VARIANTS = [
    pytest.param(output, strict, marks=[] if strict and output == "addnorm" else pytest.mark.slow)
    for output, strict in VARIANTS
]
SEEDS = [0, pytest.param(1, marks=pytest.mark.slow), pytest.param(2, marks=pytest.mark.slow)]
LENGTHS = torch.tensor([5, 2, 4])


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """NNI and Lightning log much."""
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


def supernet(strategy: Any, **options: Any) -> Any:
    """In double precision; batch norms look as if they had been trained."""
    return copy.deepcopy(built(type(strategy), **options))


@cache
def built(kind: Any, **options: Any) -> Any:
    """The supernet of a kind of strategy: building takes much longer than copying."""
    torch.manual_seed(0)
    space = kind().mutate_model(EmdCellModelSpace(**(SIZES | options))).double()
    for module in space.modules():
        if isinstance(module, MaskedNorm):
            torch.nn.init.normal_(module.running_mean)
            torch.nn.init.uniform_(module.running_var, 0.5, 2.0)
            torch.nn.init.normal_(module.weight)
            torch.nn.init.normal_(module.bias)
    return space


def words() -> tuple[Tensor, Tensor]:
    """Vectors and mask of three sentences."""
    generator = torch.Generator().manual_seed(1)
    vectors = torch.randn(3, 5, VECTORS, generator=generator, dtype=torch.float64)
    return vectors, torch.arange(5) < LENGTHS[:, None]


def drawn(seed: int) -> EmdCell:
    return moves.sample(np.random.default_rng(seed))


def take(space: Any, cell: EmdCell) -> None:
    """Let the supernet be one cell."""
    space.edges.resample(memo=space.to_sample(cell))


def mix_only(space: Any, cell: EmdCell) -> None:
    """Let the mixture be one cell: all weight on its ops, and on none elsewhere."""
    alphas = torch.full((9, 10), -1e9, dtype=torch.float64)
    for row, (node, source) in enumerate(EDGES):
        ops = [op for op, its in cell.nodes[node] if its == source]
        alphas[row, MIXED_OPS.index(ops[0] if ops else "none")] = 0
    space.edges.alphas.data = alphas


@pytest.mark.parametrize(
    ("strategy", "kind"),
    [
        (RandomOneShot(), SampledEdges),
        (ENAS(), SampledEdges),
        (DARTS(), MixedEdges),
        (GumbelDARTS(), MixedEdges),
        (type("Own", (DARTS,), {})(), MixedEdges),
    ],
)
def test_each_strategy_puts_its_edges_into_their_place(strategy: Any, kind: Any) -> None:
    space = supernet(strategy)
    assert type(space.edges) is kind
    oneshot = strategy.configure_oneshot_module(LightningModule())
    oneshot.set_model(space)
    oneshot.resample()
    assert space(*words()).shape == (3, CLASSES)
    space.validate(oneshot.export())
    if kind is MixedEdges:
        assert space.from_sample(oneshot.export()) == space.current()
        assert oneshot.arch_parameters() == [space.edges.alphas]
        shares = oneshot.export_probs()
        assert list(shares) == [f"edge_{source}_{node + 2}" for node, source in EDGES]
        for of_edge in shares.values():
            assert tuple(of_edge) == MIXED_OPS
            assert sum(of_edge.values()) == pytest.approx(1)


def test_proxyless_is_refused_in_one_line() -> None:
    with pytest.raises(UserError) as refused:
        supernet(Proxyless())
    assert str(refused.value) == (
        "Proxyless does not search the space emd_cell: take DARTS, GumbelDARTS, ENAS or "
        "RandomOneShot"
    )


def test_the_order_of_choices_is_that_of_the_value() -> None:
    space = EmdCellModelSpace(**SIZES)
    assert list(space.simplify()) == list(space.choices.categoricals)
    for label, mutable in space.simplify().items():
        assert list(mutable.values) == space.choices.categoricals[label]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("output", "strict"), MARKED_VARIANTS)
def test_a_sampled_path_is_the_network_with_the_same_weights(
    output: str, strict: bool, seed: int
) -> None:
    space, cell = supernet(ENAS(), output=output, strict=strict), drawn(seed)
    take(space, cell)
    assert space.current() == cell
    frozen = space.freeze(space.to_sample(cell))
    assert isinstance(frozen, EmdCellNetwork)
    assert frozen.cell == cell
    assert frozen.sizes == space.sizes
    for training in (False, True):
        ours, theirs = space.train(training), frozen.train(training)
        for one, other in zip(
            ours.layer_outputs(*words()), theirs.layer_outputs(*words()), strict=True
        ):
            torch.testing.assert_close(one, other, rtol=0, atol=1e-10)
        torch.testing.assert_close(ours(*words()), theirs(*words()), rtol=0, atol=1e-10)
    use_batch_statistics(space.eval())
    assert not torch.allclose(space(*words()), frozen.eval()(*words()))
    use_batch_statistics(frozen)
    torch.testing.assert_close(space(*words()), frozen(*words()), rtol=0, atol=1e-10)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("output", "strict"), MARKED_VARIANTS)
def test_a_mixture_of_one_cell_is_that_network(output: str, strict: bool, seed: int) -> None:
    space, cell = supernet(DARTS(), output=output, strict=strict), drawn(seed)
    mix_only(space, cell)
    assert space.current() == cell
    assert space.edges.export({}) == space.to_sample(cell)
    frozen = space.freeze(space.to_sample(cell))
    torch.testing.assert_close(space.eval()(*words()), frozen.eval()(*words()), rtol=0, atol=1e-10)
    for net in (space, frozen):
        use_batch_statistics(net)
    torch.testing.assert_close(space(*words()), frozen(*words()), rtol=0, atol=1e-10)
    torch.testing.assert_close(
        space.train()(*words()), frozen.train()(*words()), rtol=0, atol=1e-10
    )


def op_by_op(space: Any, vectors: Tensor, mask: Tensor) -> Tensor:
    """Logits of a mixture as the weighted sum of all ops on all edges, one after another."""
    padding, shares = padding_of(mask), space.edges.edge_weights()

    def layer(cell: Any, previous: Tensor, last: Tensor) -> Tensor:
        sources = cell.frame.sources(previous, last)
        for node in range(3):
            terms = [
                share * cell.edges[f"edge_{source}_{node + 2}"][op](sources[source], padding)
                for (number, source), row in zip(EDGES, shares, strict=True)
                for op, share in zip(OPS, row[:-1], strict=True)
                if number == node
            ]
            sources.append(torch.stack(terms).sum(0))
        joined: Tensor = cell.frame.joined(sources[2:], last, padding)
        return joined

    before = [space.stem(stem_input(vectors, padding), padding)] * 2
    for cell in space.cells:
        before.append(layer(cell, *before[-2:]))
    logits: Tensor = space.head(before[-1], padding)
    return logits


# Each way of statistics and each variant once in the quick tests.
MIXTURES = [("batch", "concat", False), ("training", "concat", True), ("running", "addnorm", True)]
OTHER_MIXTURES = [
    pytest.param(statistics, *variant, marks=pytest.mark.slow)
    for statistics in ("batch", "training", "running")
    for variant in VARIANTS
    if (statistics, *variant) not in MIXTURES
]


@pytest.mark.parametrize(("statistics", "output", "strict"), [*MIXTURES, *OTHER_MIXTURES])
def test_a_mixture_is_the_weighted_sum_of_all_ops_on_all_edges(
    statistics: str, output: str, strict: bool
) -> None:
    """In values, all gradients and the statistics that it leaves behind."""
    fused, plain = (
        supernet(DARTS(), output=output, strict=strict).train(statistics != "running")
        for _ in range(2)
    )
    torch.nn.init.normal_(fused.edges.alphas, generator=torch.Generator().manual_seed(0))
    plain.load_state_dict(fused.state_dict())
    if statistics == "batch":
        use_batch_statistics(fused)
        use_batch_statistics(plain)
    logits = []
    for computed in (fused, lambda *x: op_by_op(plain, *x)):
        logits.append(computed(*words()))
        (logits[-1] ** 3).sum().backward()
    torch.testing.assert_close(*logits, rtol=1e-9, atol=1e-9)
    for (name, ours), theirs in zip(fused.named_parameters(), plain.parameters(), strict=True):
        assert ours.grad is not None, name
        scale = max(1.0, theirs.grad.abs().max().item())
        torch.testing.assert_close(ours.grad / scale, theirs.grad / scale, rtol=0, atol=1e-9)
    assert fused.state_dict().keys() == plain.state_dict().keys()
    for ours, theirs in zip(fused.buffers(), plain.buffers(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("strict", [False, pytest.param(True, marks=pytest.mark.slow)])
@pytest.mark.parametrize("length", [1, 2, 9])
def test_mixtures_of_any_length_are_the_weighted_sum(length: int, strict: bool) -> None:
    """A word alone has no statistics; convolutions reach over both ends."""
    space = supernet(DARTS(), strict=strict)
    use_batch_statistics(space)
    vectors = torch.randn(1, length, VECTORS, dtype=torch.float64)
    for count in {1, length}:
        mask = torch.arange(length)[None] < count
        torch.testing.assert_close(
            space(vectors, mask), op_by_op(space, vectors, mask), rtol=1e-9, atol=1e-9
        )


@pytest.mark.parametrize("strict", [pytest.param(False, marks=pytest.mark.slow), True])
@pytest.mark.parametrize("filling", [torch.nan, torch.inf, 7.0])
def test_the_content_of_padding_reaches_no_mixture(filling: float, strict: bool) -> None:
    found = []
    vectors, mask = words()
    for value in (0.0, filling):
        space = supernet(DARTS(), strict=strict)
        use_batch_statistics(space)
        logits = space(vectors.masked_fill(~mask[..., None], value), mask)
        logits.square().sum().backward()
        found.append([logits, *(weight.grad for weight in space.parameters())])
    for ours, theirs in zip(*found, strict=True):
        assert torch.equal(ours, theirs)


def test_equal_words_side_by_side_have_the_gradients_of_the_ops() -> None:
    """Of equal words the first one is the largest."""
    space = supernet(DARTS())
    use_batch_statistics(space)
    repeated = words()[0].round().repeat_interleave(2, 1)
    grads = []
    for computed in (space, lambda *x: op_by_op(space, *x)):
        vectors = repeated.clone().requires_grad_()
        computed(vectors, torch.ones(3, 10).bool()).square().sum().backward()
        grads.append(vectors.grad)
    torch.testing.assert_close(*grads, rtol=1e-9, atol=1e-9)


def test_all_cells_mix_with_one_draw_of_the_weights() -> None:
    """Random weights are drawn once a forward: a path stays the same in all cells."""
    space, draws = supernet(GumbelDARTS()), []
    space.edges.softmax.register_forward_hook(lambda *_: draws.append(1))
    space(*words())
    assert draws == [1]


@pytest.mark.parametrize("kind", [DARTS, GumbelDARTS])
def test_gradients_reach_all_weights_and_are_right(kind: Any) -> None:
    space = supernet(kind())
    torch.manual_seed(5)
    space(*words()).square().sum().backward()
    grad = space.edges.alphas.grad
    assert grad.isfinite().all()
    assert grad.any(1).all()
    assert all(weight.grad is not None for weight in space.parameters())
    step = 1e-6
    for row, column in ((0, 0), (4, 5), (8, 9)):
        values = []
        for sign in (1, -1):
            with torch.no_grad():
                space.edges.alphas[row, column] += sign * step
            torch.manual_seed(5)
            values.append(space(*words()).square().sum().item())
            with torch.no_grad():
                space.edges.alphas[row, column] -= sign * step
        numeric = (values[0] - values[1]) / (2 * step)
        assert grad[row, column].item() == pytest.approx(numeric, rel=1e-4, abs=1e-6)


def test_gradients_reach_only_the_sampled_path() -> None:
    space, cell = supernet(ENAS()), drawn(1)
    take(space, cell)
    space(*words()).square().sum().backward()
    on_path = {(i, source, op) for i, node in enumerate(cell.nodes) for op, source in node}
    assert len(on_path) == 6
    for layer in space.cells:
        for node, source in EDGES:
            for op in OPS:
                weights = layer.edges[f"edge_{source}_{node + 2}"][op].parameters()
                reached = {weight.grad is not None for weight in weights}
                assert reached <= {(node, source, op) in on_path}


def test_the_mixed_module_has_one_weight_of_choices() -> None:
    """Those that NNI makes of each label are nobody's."""
    space = supernet(DARTS())
    own = {name for name, _ in space.named_parameters() if not name.startswith("cells.")}
    assert own == {
        "edges.alphas", "stem.convolution.weight", "stem.norm.weight", "stem.norm.bias",
        "head.linear.weight", "head.linear.bias",
    }  # fmt: skip
    alphas = supernet(DARTS()).edges.alphas
    assert alphas.shape == (9, 10)
    assert 0 < alphas.abs().max() < 1e-2


def test_the_best_two_edges_of_a_node_are_exported_without_none() -> None:
    space = supernet(DARTS())
    alphas = torch.zeros(9, 10, dtype=torch.float64)
    for edge, op, weight in (
        ((0, 0), "stdconv_5", 2.0), ((0, 1), "skip_connect", 1.0),
        ((1, 0), "dilconv_3", 3.0), ((1, 1), "dilconv_7", 1.0), ((1, 2), "avg_pool_3x3", 2.0),
        ((2, 0), "stdconv_3", 1.0), ((2, 1), "stdconv_7", 2.0), ((2, 2), "max_pool_3x3", 3.0),
        ((2, 3), "dilconv_5", 4.0),
    ):  # fmt: skip
        alphas[EDGES.index(edge), OPS.index(op)] = weight
    space.edges.alphas.data = alphas
    expected = EmdCell.of([
        [("stdconv_5", 0), ("skip_connect", 1)],
        [("dilconv_3", 0), ("avg_pool_3x3", 2)],
        [("dilconv_5", 3), ("max_pool_3x3", 2)],
    ])  # fmt: skip
    assert space.current() == expected
    alphas[:, -1] = 9.0  # the largest everywhere: the same edges, and never itself
    assert space.current() == expected
    alphas[:, -1] = 0.0
    alphas[EDGES.index((2, 3)), -1] = 9.0  # leaves nothing of the strongest op of node 2
    assert space.current().nodes[2] == (("stdconv_7", 1), ("max_pool_3x3", 2))


def test_of_equal_weights_the_first_ones_are_exported() -> None:
    space = supernet(DARTS())
    space.edges.alphas.data.zero_()
    assert space.current() == EmdCell.of([[("stdconv_3", 0), ("stdconv_3", 1)]] * 3)


def test_edges_draw_what_the_strategy_leaves_open() -> None:
    space = supernet(RandomOneShot())
    seen = [space.edges.resample({"op_2_1": "skip_connect"}) for _ in range(80)]
    assert {sample["op_2_1"] for sample in seen} == {"skip_connect"}
    assert {sample["op_2_0"] for sample in seen} == set(OPS)
    assert {sample["inputs_1"] for sample in seen} == {"0+1", "0+2", "1+2"}


def test_a_frozen_network_has_weights_of_its_own() -> None:
    space = supernet(ENAS()).eval()
    cell = drawn(0)
    take(space, cell)
    frozen = space.freeze(space.to_sample(cell)).eval()
    before = space(*words())
    with torch.no_grad():
        for values in (*frozen.parameters(), *frozen.buffers()):
            values.zero_()
    assert torch.equal(space(*words()), before)
    assert not frozen(*words()).any()


def test_samples_are_checked_in_nnis_way() -> None:
    space = EmdCellModelSpace(**SIZES)
    sample = space.to_sample(drawn(0))
    for bad in (sample | {"inputs_1": "0+3"}, sample | {"op_1_0": "none"}, {}):
        with pytest.raises(SampleValidationError):
            space.freeze(bad)
    assert space.export(space.freeze(sample)) == space.export(sample) == drawn(0)


@pytest.mark.parametrize("arguments", [(), (2, VECTORS, WIDTH, CLASSES, 0.3, "addnorm", True)])
def test_a_fixed_context_builds_the_network(arguments: tuple[Any, ...]) -> None:
    with model_context(EmdCellModelSpace(1, 2, 3).to_sample(drawn(0))):
        net: Any = EmdCellModelSpace(*arguments)
    assert isinstance(net, EmdCellNetwork)
    assert net.cell == drawn(0)
    assert net.sizes == EmdCellModelSpace(*arguments).sizes


def test_the_default_sizes_are_those_of_the_papers_search() -> None:
    assert EmdCellModelSpace().sizes == Sizes(vectors=300, width=128, classes=2, cells=4)


@pytest.mark.parametrize(
    "strategy", [Random(seed=0), RegularizedEvolution(population_size=4, sample_size=2, seed=0)]
)
def test_strategies_that_train_each_network_get_networks(strategy: Any) -> None:
    seen = []

    def evaluate(model: EmdCellNetwork) -> None:
        seen.append(model.cell)
        weight = model.head.linear.weight
        assert model(*(part.to(weight) for part in words())).isfinite().all()
        nni.report_final_result(float(model.cell.nodes[0][0].op.startswith("std")))

    space = RawFormatModelSpace.from_model(
        EmdCellModelSpace(**SIZES), FunctionalEvaluator(evaluate)
    )
    strategy(space, SequentialExecutionEngine(8))
    assert len(seen) == 8
    assert len(set(seen)) > 1


class Training(LightningModule):  # type: ignore[misc]
    """Learns whether the first number of a sentence's words is positive on the mean."""

    def training_step(self, batch: Any, index: int) -> Tensor:
        vectors, mask, labels = batch
        return functional.cross_entropy(self.model(vectors, mask), labels)

    def validation_step(self, batch: Any, index: int) -> None:
        vectors, mask, labels = batch
        found = self.model(vectors, mask).argmax(1)
        self.log("reward", (found == labels).float().mean())

    def configure_optimizers(self) -> torch.optim.Optimizer:
        self.weights = torch.optim.SGD(self.parameters(), lr=0.05)
        return self.weights


def batches(count: int) -> list[tuple[Tensor, Tensor, Tensor]]:
    generator = torch.Generator().manual_seed(2)
    found = []
    for _ in range(count):
        vectors = torch.randn(6, 5, VECTORS, generator=generator)
        labels = (vectors[..., 0].mean(1) > 0).long()
        found.append((vectors, torch.ones(6, 5).bool(), labels))
    return found


def search(strategy: Any, epochs: int = 1) -> tuple[Any, Training]:
    """The space after a search by NNI, and its training."""
    torch.manual_seed(0)
    training = Training()
    trainer = Trainer(
        max_epochs=epochs, accelerator="cpu", devices=1, logger=False,
        enable_checkpointing=False, enable_model_summary=False, enable_progress_bar=False,
        num_sanity_val_steps=0,
    )  # fmt: skip
    evaluator = Lightning(
        training,
        trainer,
        train_dataloaders=DataLoader(batches(3), batch_size=None),
        val_dataloaders=DataLoader(batches(3), batch_size=None),
    )
    space = EmdCellModelSpace(**(SIZES | {"cells": 2}))
    strategy(RawFormatModelSpace.from_model(space, evaluator), SequentialExecutionEngine())
    return space, training


@pytest.mark.parametrize(
    "strategy", [DARTS(arc_learning_rate=0.05), GumbelDARTS(), ENAS(), RandomOneShot()]
)
def test_nnis_one_shot_strategies_search_it(strategy: Any) -> None:
    if isinstance(strategy, ENAS):
        strategy.reward_metric_name = "reward"
    space, _ = search(strategy)
    (found,) = strategy.list_models()
    cell = space.export(found.sample)
    assert isinstance(cell, EmdCell)
    assert space.freeze(found.sample).eval()(*batches(1)[0][:2]).isfinite().all()


class Kept(DARTS):  # type: ignore[misc]
    """Remembers the weights of edges as they were in the beginning."""

    def mutate_model(self, model: Any) -> Any:
        space = super().mutate_model(model)
        self.before = space.edges.alphas.detach().clone()
        return space


def test_the_weights_of_edges_belong_to_the_optimizer_of_choices_alone() -> None:
    still = Kept(arc_learning_rate=0.0)
    space, training = search(still)
    alphas = space.edges.alphas
    assert torch.equal(alphas, still.before)
    (group,) = training.weights.param_groups
    assert all(weight is not alphas for weight in group["params"])
    learning = Kept(arc_learning_rate=0.05)
    moved = (search(learning)[0].edges.alphas - learning.before).abs()
    # Adam moves each weight by about its rate a step, for three steps.
    assert 0.04 < moved.max() < 0.16
    assert (moved > 0).all()
