"""The space as an NNI model space, for strategies that train each network and for one-shot ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nni.nas.nn.pytorch import LayerChoice
from torch import Tensor, nn

from search_spaces.nni_model_space import SentenceModelSpace
from search_spaces.sequences import padding_of, stem_input
from search_spaces.textnas.architecture import LAYERS, OPS, WINDOW, Arc
from search_spaces.textnas.choices import ArcChoices, Sample, Value
from search_spaces.textnas.mutables import Edges, edge_choices
from search_spaces.textnas.network import BatchNorm, Head, Sizes, TextNas


class ChoiceLayer(nn.Module):
    """One layer with all its choices."""

    def __init__(self, number: int, choices: ArcChoices, sizes: Sizes) -> None:
        super().__init__()
        self.number, self.sizes = number, sizes
        self.edges = Edges(number, edge_choices(number, choices))
        self.op = LayerChoice({op: sizes.op(op) for op in choices.ops}, label=f"op_{number}")
        self.norm = sizes.norm() if number else None

    def forward(self, stem: Tensor, outputs: Sequence[Tensor], padding: Tensor) -> Tensor:
        """Return the layer's output (batch, width, length) for those of all earlier layers."""
        output: Tensor = self.op(self.edges.source(outputs) if outputs else stem, padding)
        skipped = self.edges.skipped(outputs)
        if skipped is not None:
            output = output + skipped
        if self.norm is not None and self.sizes.has_norm(self.number, self.edges.count_skips()):
            output = self.norm(output, padding)
        return output


class TextNasModelSpace(SentenceModelSpace):
    """Architectures with one number of layers as NNI choices; a frozen space is a `TextNas`.

    The default width is that of the paper's search.
    """

    architecture_field = "arc"
    supernet_function = "search_spaces.textnas.supernet:supernet_class"
    choices: ArcChoices

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
        super().__init__(ArcChoices(layers, window, tuple(ops)))
        self.sizes = Sizes(vectors, width, classes, dropout, batch_norm, strict)
        self.stem = self.sizes.stem()
        self.layers = nn.ModuleList(
            ChoiceLayer(number, self.choices, self.sizes) for number in range(layers)
        )
        self.head = Head(layers, width, classes)

    @classmethod
    def create_fixed_module(
        cls, sample: Mapping[str, Value], *args: Any, **options: Any
    ) -> TextNas:
        """Return the network of a sample, for NNI's `model_context`."""
        sizes = cls.arguments(*args, **options)
        layers, window, ops = (sizes.pop(name) for name in ("layers", "window", "ops"))
        arc = ArcChoices(layers, window, tuple(ops)).from_sample(sample)
        return TextNas(arc, Sizes(**sizes))

    def freeze(self, sample: Mapping[str, Value]) -> TextNas:
        """Return the network of a sample with a copy of the space's weights, on their device.

        Raises NNI's SampleValidationError.
        """
        self.validate(sample)
        frozen = TextNas(self.choices.from_sample(sample), self.sizes).to(self.head.weights)
        frozen.stem.load_state_dict(self.stem.state_dict())
        frozen.head.load_state_dict(self.head.state_dict())
        for i, layer in enumerate(frozen.arc.layers):
            shared: Any = self.layers[i]
            frozen.ops[i].load_state_dict(shared.op[layer.op].state_dict())
            if str(i) in frozen.norms:
                frozen.norms[str(i)].load_state_dict(shared.norm.state_dict())
        return frozen

    def layer_outputs(self, vectors: Tensor, mask: Tensor) -> list[Tensor]:
        padding = padding_of(mask)
        stem = self.stem(stem_input(vectors, padding), padding)
        outputs: list[Tensor] = []
        for layer in self.layers:
            outputs.append(layer(stem, outputs, padding))
        return outputs

    def logits(self, outputs: Sequence[Tensor], mask: Tensor) -> Tensor:
        logits: Tensor = self.head(outputs, padding_of(mask))
        return logits

    def current(self) -> Arc:
        """Return the architecture that a one-shot strategy has sampled, or prefers."""
        sample: Sample = {}
        for number in range(self.choices.layers):
            layer: Any = self.layers[number]
            sample.update(layer.edges.current_sample())
            # NNI's own choices keep what is sampled; those that mix export the largest weight.
            sample[layer.op.label] = (
                getattr(layer.op, "_sampled", None) or layer.op.export({})[layer.op.label]
            )
        return self.choices.from_sample(sample)
