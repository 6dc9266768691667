"""The space as an NNI model space, for strategies that train each network and for one-shot ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import nni
from nni.nas.nn.pytorch import LayerChoice, ModelSpace, MutableModule
from torch import Tensor, nn

from search_spaces.sequences import padding_of, stem_input
from search_spaces.textnas.architecture import LAYERS, OPS, WINDOW, Arc
from search_spaces.textnas.choices import ArcChoices, Sample, Value
from search_spaces.textnas.network import BatchNorm, Head, Sizes, TextNas


class Wires(MutableModule):  # type: ignore[misc]
    """The choices of which earlier layers one layer reads, and which it adds to its op's output.

    A one-shot strategy puts a class of `supernet.py` into its place.
    """

    def __init__(self, number: int, values: Mapping[str, Sequence[Value]]) -> None:
        super().__init__()
        self.number = number
        self.values = {label: list(of) for label, of in values.items()}
        for label, of in self.values.items():
            self.add_mutable(nni.choice(label, of))


def _wires(number: int, choices: ArcChoices) -> dict[str, list[Value]]:
    """Label -> values of the choices of one layer but its op."""
    own = (f"input_{number}", *(f"skip_{number}_{earlier}" for earlier in range(number)))
    return {label: of for label, of in choices.categoricals.items() if label in own}


class ChoiceLayer(nn.Module):
    """One layer with all its choices."""

    def __init__(self, number: int, choices: ArcChoices, sizes: Sizes) -> None:
        super().__init__()
        self.number, self.sizes = number, sizes
        self.wires = Wires(number, _wires(number, choices))
        self.op = LayerChoice({op: sizes.op(op) for op in choices.ops}, label=f"op_{number}")
        self.norm = sizes.norm() if number else None

    def forward(self, stem: Tensor, outputs: Sequence[Tensor], padding: Tensor) -> Tensor:
        """The layer's output (batch, width, length) for those of all earlier layers."""
        output: Tensor = self.op(self.wires.source(outputs) if outputs else stem, padding)
        skipped = self.wires.skipped(outputs)
        if skipped is not None:
            output = output + skipped
        if self.norm is not None and self.sizes.has_norm(self.number, self.wires.count_skips()):
            output = self.norm(output, padding)
        return output


class TextNasModelSpace(ModelSpace):  # type: ignore[misc]
    """All architectures of so many layers as NNI choices; a frozen space is a `TextNas`.

    The default width is that of the paper's search. The forward is a one-shot strategy's: it takes
    what `TextNas` takes.
    """

    def __init__(
        self,
        layers: int = LAYERS,
        window: int = WINDOW,
        ops: Sequence[str] = OPS,
        vectors: int = 300,
        width: int = 32,
        classes: int = 2,
        dropout: float = 0.2,
        batch_norm: BatchNorm = "skips",
        strict: bool = False,
    ) -> None:
        super().__init__()
        self.choices = ArcChoices(layers, window, tuple(ops))
        self.sizes = Sizes(vectors, width, classes, dropout, batch_norm, strict)
        self.stem = self.sizes.stem()
        self.layers = nn.ModuleList(
            ChoiceLayer(number, self.choices, self.sizes) for number in range(layers)
        )
        self.head = Head(layers, width, classes)

    @classmethod
    def create_fixed_module(
        cls,
        sample: Mapping[str, Value],
        layers: int = LAYERS,
        window: int = WINDOW,
        ops: Sequence[str] = OPS,
        vectors: int = 300,
        width: int = 32,
        *args: Any,
        **options: Any,
    ) -> TextNas:
        """The network of a sample, for NNI's `model_context`: takes the arguments of the space."""
        arc = ArcChoices(layers, window, tuple(ops)).from_sample(sample)
        return TextNas(arc, Sizes(vectors, width, *args, **options))

    def extra_oneshot_hooks(self, strategy: Any) -> list[Any]:
        """What NNI's one-shot strategies put into the place of the wires."""
        from search_spaces.textnas.supernet import supernet_class

        return [supernet_class(strategy).mutate]

    def freeze(self, sample: Mapping[str, Value]) -> TextNas:
        """The network of a sample with a copy of the space's weights, on their device.

        Raises NNI's SampleValidationError.
        """
        self.validate(sample)
        frozen = TextNas(self.from_sample(sample), self.sizes).to(self.head.weights)
        frozen.stem.load_state_dict(self.stem.state_dict())
        frozen.head.load_state_dict(self.head.state_dict())
        for i, layer in enumerate(frozen.arc.layers):
            shared: Any = self.layers[i]
            frozen.ops[i].load_state_dict(shared.op[layer.op].state_dict())
            if str(i) in frozen.norms:
                frozen.norms[str(i)].load_state_dict(shared.norm.state_dict())
        return frozen

    def layer_outputs(self, vectors: Tensor, mask: Tensor) -> list[Tensor]:
        """What `TextNas.layer_outputs` gives, of what a one-shot strategy has sampled or mixes."""
        padding = padding_of(mask)
        stem = self.stem(stem_input(vectors, padding), padding)
        outputs: list[Tensor] = []
        for layer in self.layers:
            outputs.append(layer(stem, outputs, padding))
        return outputs

    def logits(self, outputs: Sequence[Tensor], mask: Tensor) -> Tensor:
        """Logits (batch, classes) of all layers' outputs."""
        logits: Tensor = self.head(outputs, padding_of(mask))
        return logits

    def forward(self, vectors: Tensor, mask: Tensor) -> Tensor:
        """Word vectors (batch, length, vectors) and mask (batch, length) to logits (batch,
        classes), of what a one-shot strategy has sampled or mixes."""
        return self.logits(self.layer_outputs(vectors, mask), mask)

    def current(self) -> Arc:
        """The architecture that a one-shot strategy's network stands for at this moment."""
        sample: Sample = {}
        for number in range(self.choices.layers):
            layer: Any = self.layers[number]
            sample.update(layer.wires.current())
            # NNI's own choices keep what is sampled; those that mix export the largest weight.
            sample[layer.op.label] = (
                getattr(layer.op, "_sampled", None) or layer.op.export({})[layer.op.label]
            )
        return self.from_sample(sample)

    def to_sample(self, arc: Arc) -> Sample:
        """The sample of an architecture. Raises ArcError for one of another size."""
        return self.choices.to_sample(arc)

    def from_sample(self, sample: Mapping[str, Value]) -> Arc:
        """The architecture of a sample. Raises ArcError."""
        return self.choices.from_sample(sample)

    def export(self, found: Mapping[str, Value] | TextNas) -> Arc:
        """The architecture of what a search returns: a sample or a frozen module."""
        return found.arc if isinstance(found, TextNas) else self.from_sample(found)
