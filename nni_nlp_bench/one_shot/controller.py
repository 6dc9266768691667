"""The policy of TextNAS: an LSTM that chooses input, operation and skips of layer after layer."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from search_spaces.textnas.choices import ArcChoices, Sample


@dataclass(frozen=True, slots=True)
class ControllerSettings:
    """Those of the paper's search."""

    width: int = 64
    """Of the LSTM."""
    tanh_constant: float = 1.5
    """Logits are within this of 0."""
    learning_rate: float = 1e-3
    """Adam's."""
    epsilon: float = 1e-3
    """Adam's."""
    clip: float = 5.0
    """Largest norm of the gradient."""
    entropy_weight: float = 1e-4
    """A reward grows by this for every nat of the policy's entropy."""
    baseline_decay: float = 0.99
    skip_target: float = 0.4
    """The share of skips that is taken, as far as the penalty has its way."""
    skip_weight: float = 0.8
    """Of the penalty."""


@dataclass(frozen=True, slots=True)
class Draw:
    """One architecture, and how it was drawn. Tensors without dimensions."""

    sample: Sample
    log_probability: Tensor
    """In nats."""
    entropy: Tensor
    """Of all choices on the way, in nats."""
    skip_penalty: Tensor
    """Kullback-Leibler divergence of the skips' probabilities from the target, in nats: the sum
    over a layer's skips, the mean over layers."""
    skip_rate: float
    """The share of skips that were taken."""


class Controller(nn.Module):
    """The policy over the choices of a TextNAS space."""

    def __init__(self, choices: ArcChoices, settings: ControllerSettings) -> None:
        super().__init__()
        self.choices, self.settings = choices, settings
        width, window = settings.width, min(choices.window, choices.layers)
        self.lstm = nn.LSTMCell(width, width)
        self.start = nn.Parameter(torch.empty(1, width))
        self.input_embedding = nn.Embedding(window, width)
        self.op_embedding = nn.Embedding(len(choices.ops), width)
        self.input_logits = nn.Linear(width, window, bias=False)
        self.op_logits = nn.Linear(width, len(choices.ops), bias=False)
        self.earlier = nn.Linear(width, width, bias=False)
        self.present = nn.Linear(width, width, bias=False)
        self.skip_logits = nn.Linear(width, 1, bias=False)
        for weight in self.parameters():
            nn.init.uniform_(weight, -0.1, 0.1)

    def draw(self) -> Draw:
        """Draw an architecture from torch's global generator."""
        return _ControllerSampler(self).draw()


class _ControllerSampler:
    """The way of one draw through all layers."""

    def __init__(self, controller: Controller) -> None:
        self.controller = controller
        self.sample: Sample = {}
        self.log_probabilities: list[Tensor] = []
        self.entropies: list[Tensor] = []
        self.penalties: list[Tensor] = []
        self.anchors: list[Tensor] = []
        """The state after each layer."""
        self.inputs: Tensor = controller.start
        self.state: tuple[Tensor, Tensor] | None = None

    def draw(self) -> Draw:
        layers = self.controller.choices.layers
        for number in range(layers):
            if number > 1:
                self._choose_input(number)
            self._choose_op(number)
            self._choose_skips(number)
        skips = [value for label, value in self.sample.items() if label.startswith("skip_")]
        zero = self.inputs.new_zeros(())
        return Draw(
            self.sample,
            torch.stack(self.log_probabilities).sum(),
            torch.stack(self.entropies).sum(),
            torch.stack(self.penalties).mean() if self.penalties else zero,
            sum(map(int, skips)) / len(skips) if skips else 0.0,
        )

    def _step(self) -> Tensor:
        """The state (1, width) after the next input."""
        self.state = self.controller.lstm(self.inputs, self.state)
        return self.state[0]

    def _choose(self, logits: Tensor) -> Tensor:
        """Draw one of the values (choices, values) of each choice: numbers (choices,)."""
        constant = self.controller.settings.tanh_constant
        log_shares = (constant * logits.tanh()).log_softmax(-1)
        shares = log_shares.exp()
        drawn = torch.multinomial(shares.detach(), 1)
        self.log_probabilities.append(log_shares.gather(1, drawn).sum())
        self.entropies.append(-(shares * log_shares).sum())
        self.shares, self.log_shares = shares, log_shares
        return drawn.squeeze(1)

    def _choose_input(self, number: int) -> None:
        values = min(number, self.controller.choices.window)
        drawn = self._choose(self.controller.input_logits(self._step())[:, :values])
        self.sample[f"input_{number}"] = int(drawn)
        self.inputs = self.controller.input_embedding(drawn)

    def _choose_op(self, number: int) -> None:
        drawn = self._choose(self.controller.op_logits(self._step()))
        self.sample[f"op_{number}"] = self.controller.choices.ops[int(drawn)]
        self.inputs = self.controller.op_embedding(drawn)

    def _choose_skips(self, number: int) -> None:
        present = self._step()
        self.inputs = self.controller.start
        if number:
            anchors = torch.cat(self.anchors)
            hidden = (self.controller.earlier(anchors) + self.controller.present(present)).tanh()
            logit = self.controller.skip_logits(hidden)
            drawn = self._choose(torch.cat([-logit, logit], 1))
            self._penalize()
            for earlier, taken in enumerate(drawn.tolist()):
                self.sample[f"skip_{number}_{earlier}"] = taken
            taken = drawn.to(anchors)
            self.inputs = (taken @ anchors / (1 + taken.sum()))[None]
        self.anchors.append(present)

    def _penalize(self) -> None:
        target = self.controller.settings.skip_target
        log_target = self.shares.new_tensor([1 - target, target]).log()
        self.penalties.append(
            functional.kl_div(
                log_target.expand_as(self.shares), self.log_shares, reduction="sum", log_target=True
            )
        )
