"""All cells in one network: paths and mixtures against what they stand for."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from emd_supernets import (
    CLASSES,
    MARKED_VARIANTS,
    SEEDS,
    SIZES,
    VECTORS,
    WIDTH,
    drawn,
    supernet,
    take,
    words,
)
from nni.mutable import SampleValidationError
from nni.nas.evaluator.pytorch import LightningModule
from nni.nas.space import model_context
from nni.nas.strategy import (
    DARTS,
    ENAS,
    GumbelDARTS,
    Proxyless,
    RandomOneShot,
)

from nni_nlp_bench.core.errors import UserError
from search_spaces.emd_cell import EmdCell
from search_spaces.emd_cell.architecture import EDGES, OPS
from search_spaces.emd_cell.model_space import EmdCellModelSpace
from search_spaces.emd_cell.network import EmdCellNetwork
from search_spaces.emd_cell.sizes import Sizes
from search_spaces.emd_cell.supernet import MIXED_OPS, MixedEdges, SampledEdges
from search_spaces.sequences import use_batch_statistics

pytestmark = pytest.mark.usefixtures("quiet")


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
