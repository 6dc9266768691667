"""All architectures in one network: paths, mixtures and gates against what they stand for."""

from __future__ import annotations

from typing import Any

import nni
import numpy as np
import pytest
import torch
from nni.mutable import SampleValidationError, frozen_context
from nni.nas.evaluator import FunctionalEvaluator
from nni.nas.evaluator.pytorch import LightningModule
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

from search_spaces.sequences import MaskedNorm, padding_of, stem_input, use_batch_statistics
from search_spaces.textnas import Arc, moves
from search_spaces.textnas.architecture import OPS
from search_spaces.textnas.model_space import TextNasModelSpace
from search_spaces.textnas.mutables import Edges
from search_spaces.textnas.network import TextNas
from search_spaces.textnas.supernet import GatedEdges, MixedEdges, SampledEdges

pytestmark = pytest.mark.usefixtures("quiet")

LAYERS, WINDOW, VECTORS, WIDTH, CLASSES = 6, 3, 3, 4, 3
SIZES = {
    "layers": LAYERS,
    "window": WINDOW,
    "vectors": VECTORS,
    "width": WIDTH,
    "classes": CLASSES,
    "dropout": 0.0,
}
LENGTHS = torch.tensor([5, 2, 4])


def supernet(strategy: Any, **options: Any) -> Any:
    """In double precision; batch norms look as if they had been trained."""
    torch.manual_seed(0)
    space = strategy.mutate_model(TextNasModelSpace(**(SIZES | options))).double()
    for module in space.modules():
        if isinstance(module, MaskedNorm):
            torch.nn.init.normal_(module.running_mean)
            torch.nn.init.uniform_(module.running_var, 0.5, 2.0)
    torch.nn.init.normal_(space.head.weights)
    return space


def words() -> tuple[Tensor, Tensor]:
    """Vectors and mask of three sentences."""
    generator = torch.Generator().manual_seed(1)
    vectors = torch.randn(3, 5, VECTORS, generator=generator, dtype=torch.float64)
    return vectors, torch.arange(5) < LENGTHS[:, None]


def drawn(seed: int, layers: int = LAYERS, window: int = WINDOW, full: bool = False) -> Arc:
    """A random architecture; `full`: every layer but the first has a skip."""
    arc = moves.sample(np.random.default_rng(seed), layers, window, OPS)
    if not full:
        return arc
    return Arc(tuple(x._replace(skips=x.skips or (0,)[:i]) for i, x in enumerate(arc.layers)))


def take(space: Any, arc: Arc) -> None:
    """Let the supernet be one architecture."""
    for module in modules(space):
        module.resample(memo=space.to_sample(arc))


def modules(space: Any) -> list[Any]:
    """What samples or mixes: edges and ops of all layers."""
    return [part for layer in space.layers for part in (layer.edges, layer.op)]


def alphas(space: Any) -> dict[str, Tensor]:
    """The weights of all choices by label."""
    found = {label: alpha for x in space.layers for label, alpha in x.edges.alphas.items()}
    return found | {x.op.label: x.op._arch_alpha for x in space.layers}


@pytest.mark.parametrize(
    ("strategy", "kind"),
    [
        (RandomOneShot(), SampledEdges),
        (ENAS(), SampledEdges),
        (DARTS(), MixedEdges),
        (GumbelDARTS(), MixedEdges),
        (Proxyless(), GatedEdges),
    ],
)
def test_each_strategy_puts_its_edges_into_their_place(strategy: Any, kind: type[Edges]) -> None:
    space = supernet(strategy)
    assert {type(layer.edges) for layer in space.layers} == {kind}
    oneshot = strategy.configure_oneshot_module(LightningModule())
    oneshot.set_model(space)
    oneshot.resample()
    assert space(*words()).shape == (3, CLASSES)
    space.validate(oneshot.export())
    if kind is not SampledEdges:
        assert set(oneshot.arch_parameters()) == set(alphas(space).values())
        for label, shares in oneshot.export_probs().items():
            assert list(shares) == space.choices.categoricals[label]
            assert sum(shares.values()) == pytest.approx(1)


def test_the_order_of_choices_is_that_of_the_value() -> None:
    space = TextNasModelSpace(**SIZES)
    by_layer = sorted(
        space.choices.categoricals,
        key=lambda label: (int(label.split("_")[1]), label.startswith("op_")),
    )
    assert list(space.simplify()) == by_layer  # NNI's policy decides in this order
    for label, mutable in space.simplify().items():
        assert list(mutable.values) == space.choices.categoricals[label]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("norm", ["skips", "always"])
@pytest.mark.parametrize("kind", [ENAS, Proxyless])
def test_a_sampled_path_is_the_network_with_the_same_weights(
    kind: Any, norm: str, seed: int
) -> None:
    space, arc = supernet(kind(), batch_norm=norm), drawn(seed)
    take(space, arc)
    assert space.current() == arc
    assert space.current().layers == arc.layers
    frozen = space.freeze(space.to_sample(arc))
    assert isinstance(frozen, TextNas)
    assert frozen.arc == arc
    for training in (False, True):
        torch.testing.assert_close(
            space.train(training)(*words()), frozen.train(training)(*words()), rtol=0, atol=1e-12
        )
    use_batch_statistics(space.eval())
    assert not torch.allclose(space(*words()), frozen.eval()(*words()))
    use_batch_statistics(frozen)
    torch.testing.assert_close(space(*words()), frozen(*words()), rtol=0, atol=1e-12)


def test_statistics_of_the_batch_are_those_of_training_and_leave_no_trace() -> None:
    space = supernet(ENAS())
    take(space, drawn(0, full=True))
    expected = space.train()(*words())
    use_batch_statistics(space.eval())
    before = [buffer.clone() for buffer in space.buffers()]
    torch.testing.assert_close(space(*words()), expected)
    torch.testing.assert_close(space.train()(*words()), expected)
    assert all(map(torch.equal, before, space.buffers()))


def test_gradients_reach_only_the_sampled_path() -> None:
    space, arc = supernet(ENAS()), drawn(1)
    take(space, arc)
    space(*words()).square().sum().backward()
    for number, (layer, choice) in enumerate(zip(arc.layers, space.layers, strict=True)):
        for op in OPS:
            reached = [weight.grad is not None for weight in choice.op[op].parameters()]
            assert all(reached) if op == layer.op else not any(reached)
        if number:
            assert (choice.norm.weight.grad is not None) == bool(layer.skips)


def test_wires_draw_what_the_strategy_leaves_open() -> None:
    space = supernet(RandomOneShot())
    seen = [space.layers[3].edges.resample({"skip_3_1": 1}) for _ in range(60)]
    assert {sample["skip_3_1"] for sample in seen} == {1}
    assert {sample["skip_3_0"] for sample in seen} == {0, 1}
    assert {sample["input_3"] for sample in seen} == {0, 1, 2}


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kind", [DARTS, Proxyless])
def test_a_mixture_of_one_architecture_is_that_network(kind: Any, seed: int) -> None:
    space, arc = supernet(kind()), drawn(seed, full=True)
    sample = space.to_sample(arc)
    for label, alpha in alphas(space).items():
        values = space.choices.categoricals[label]
        alpha.data = torch.tensor([0.0 if v == sample[label] else -1e9 for v in values]).double()
    exported = {}
    for module in modules(space):
        exported |= module.resample({}) if kind is Proxyless else module.export({})
    assert exported == sample
    assert space.current() == arc
    frozen = space.freeze(sample).eval()
    torch.testing.assert_close(space.eval()(*words()), frozen(*words()), rtol=0, atol=1e-12)


def test_a_mixture_is_the_weighted_sum_over_inputs_ops_and_skips() -> None:
    ops = ("conv3", "max_pool3", "gru")
    space = supernet(DARTS(), ops=ops, layers=4, window=2).eval()
    for seed, alpha in enumerate(alphas(space).values()):
        torch.nn.init.normal_(alpha, generator=torch.Generator().manual_seed(seed))
    shares: Any = {}
    for module in modules(space):
        shares |= module.export_probs({})
    vectors, mask = words()
    padding = padding_of(mask)
    stem = space.stem(stem_input(vectors, padding), padding)
    outputs: list[Tensor] = []
    for i, layer in enumerate(space.layers):
        if i < 2:
            read = outputs[0] if i else stem
        else:
            share = shares[f"input_{i}"]
            read = share[0] * outputs[i - 1] + share[1] * outputs[i - 2]
        output = sum(shares[f"op_{i}"][op] * layer.op[op](read, padding) for op in ops)
        for j in range(i):
            output = output + shares[f"skip_{i}_{j}"][1] * outputs[j]
        outputs.append(layer.norm(output, padding) if i else output)
    torch.testing.assert_close(space(vectors, mask), space.head(outputs, padding))


def test_gradients_reach_all_weights_of_choices() -> None:
    for kind in (DARTS, GumbelDARTS, Proxyless):
        space = supernet(kind())
        for module in modules(space):
            module.resample({})
        space(*words()).square().sum().backward()
        for label, alpha in alphas(space).items():
            assert alpha.grad is not None, label
            assert alpha.grad.isfinite().all()
            # Proxyless: what lies behind relu may be 0 for all sentences
            assert kind is Proxyless or alpha.grad.any(), label


def test_a_gate_learns_as_nnis_own_proxyless_choices_do() -> None:
    """The weight of value i: p_i (b_i - sum of p_j b_j), b_j the product of value j's output and
    the gradient of what the gate gives; NNI's own choice among the same inputs says the same."""
    from nni.nas.oneshot.pytorch.supermodule.proxyless import ProxylessMixedInput

    space = supernet(Proxyless())
    edges, generator = space.layers[4].edges, torch.Generator().manual_seed(0)
    for alpha in edges.alphas.values():
        torch.nn.init.normal_(alpha, generator=generator)
    sample = {"input_4": 1, **{f"skip_4_{j}": j % 2 for j in range(4)}}
    edges.resample(sample)
    outputs = [torch.randn(2, WIDTH, 3, generator=generator).double() for _ in range(4)]
    grad = torch.randn(2, WIDTH, 3, generator=generator).double()

    inputs = [outputs[3], outputs[2], outputs[1]]
    theirs = torch.nn.Parameter(edges.alphas["input_4"].detach().clone())
    with frozen_context({"input_4": [1]}):
        choice = ProxylessMixedInput(3, 1, theirs, torch.nn.Softmax(-1), "input_4")
    choice.resample({"input_4": [1]})
    assert torch.equal(edges.source(outputs), choice(inputs))
    choice(inputs).backward(grad)
    edges.source(outputs).backward(grad)
    torch.testing.assert_close(edges.alphas["input_4"].grad, theirs.grad)

    skipped = edges.skipped(outputs)
    assert torch.equal(skipped, outputs[1] + outputs[3])
    skipped.backward(grad)
    for label, candidates in {
        "input_4": inputs,
        **{f"skip_4_{j}": [torch.zeros_like(grad), outputs[j]] for j in range(4)},
    }.items():
        p = edges.alphas[label].detach().softmax(0)
        b = torch.stack([(grad * candidate).sum() for candidate in candidates])
        torch.testing.assert_close(edges.alphas[label].grad, p * (b - (p * b).sum()))


def test_a_frozen_network_has_weights_of_its_own() -> None:
    space = supernet(ENAS()).eval()
    arc = drawn(0)
    take(space, arc)
    frozen = space.freeze(space.to_sample(arc)).eval()
    before = space(*words())
    with torch.no_grad():
        for values in (*frozen.parameters(), *frozen.buffers()):
            values.zero_()
    assert torch.equal(space(*words()), before)
    assert not frozen(*words()).any()


def test_samples_are_checked_in_nnis_way() -> None:
    space = TextNasModelSpace(**SIZES)
    sample = space.to_sample(drawn(0))
    for bad in (sample | {"input_3": 3}, sample | {"op_1": "lstm"}, sample | {"skip_2_0": 2}, {}):
        with pytest.raises(SampleValidationError):
            space.freeze(bad)
    assert space.export(space.freeze(sample)) == space.export(sample) == drawn(0)


@pytest.mark.parametrize("arguments", [(), (OPS, VECTORS, WIDTH, CLASSES, 0.3, "always", True)])
def test_a_fixed_context_builds_the_network(arguments: tuple[Any, ...]) -> None:
    with model_context(TextNasModelSpace(LAYERS, WINDOW).to_sample(drawn(0))):
        net: Any = TextNasModelSpace(LAYERS, WINDOW, *arguments)
    assert isinstance(net, TextNas)
    assert net.arc.layers == drawn(0).layers
    sizes = TextNasModelSpace(LAYERS, WINDOW, *arguments).sizes
    assert net.sizes == sizes


@pytest.mark.parametrize(
    "strategy", [Random(seed=0), RegularizedEvolution(population_size=4, sample_size=2, seed=0)]
)
def test_strategies_that_train_each_network_get_networks(strategy: Any) -> None:
    seen = []

    def evaluate(model: TextNas) -> None:
        seen.append(model.arc)
        assert model(*(part.to(model.head.weights) for part in words())).isfinite().all()
        nni.report_final_result(float(len(model.arc.layers[-1].skips)))

    space = RawFormatModelSpace.from_model(
        TextNasModelSpace(**SIZES), FunctionalEvaluator(evaluate)
    )
    strategy(space, SequentialExecutionEngine(8))
    assert len(seen) == 8
    assert len(set(seen)) > 1
    assert all(len(arc.layers) == LAYERS for arc in seen)


@pytest.mark.parametrize("kind", [RandomOneShot, ENAS, DARTS, GumbelDARTS, Proxyless])
@pytest.mark.parametrize(
    "options",
    [
        {"layers": 1},
        {"layers": 2},
        {"window": 1},
        {"ops": ("gru",)},
        {"layers": 1, "ops": ("attention",)},
        {"window": 9, "strict": True},
    ],
)
def test_the_smallest_spaces(kind: Any, options: dict[str, Any]) -> None:
    space = supernet(kind(), **options)
    for module in modules(space):
        module.resample({})
    space(*words()).square().sum().backward()
    arc = space.current()
    assert len(arc.layers) == options.get("layers", LAYERS)
    frozen = space.freeze(space.to_sample(arc))
    if kind not in (DARTS, GumbelDARTS):
        torch.testing.assert_close(space(*words()), frozen(*words()), rtol=0, atol=1e-12)
