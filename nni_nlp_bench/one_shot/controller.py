"""Policy of TextNAS: an LSTM that samples input, operation and skips of each layer in turn."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from search_spaces.textnas.choices import ArcChoices, Sample


@dataclass(frozen=True, slots=True)
class ControllerSettings:
    """Hyperparameters of the policy; the defaults are those of the paper."""

    width: int = 64
    """Hidden size of the LSTM."""
    tanh_constant: float = 1.5
    """Bound of the absolute value of logits."""
    learning_rate: float = 1e-3
    """Learning rate of Adam."""
    epsilon: float = 1e-3
    """Epsilon of Adam."""
    clip: float = 5.0
    """Maximum norm of the gradient."""
    entropy_weight: float = 1e-4
    """Bonus to the reward per nat of the policy's entropy."""
    baseline_decay: float = 0.99
    """Decay of the moving average of rewards."""
    skip_target: float = 0.4
    """Target skip rate."""
    skip_weight: float = 0.8
    """Weight of the skip penalty."""


@dataclass(frozen=True, slots=True)
class Draw:
    """One sampled architecture with scalar tensors of its sampling."""

    sample: Sample
    log_probability: Tensor
    """Log probability of the sample, in nats."""
    entropy: Tensor
    """Sum of the entropies of all choices, in nats."""
    skip_penalty: Tensor
    """Kullback-Leibler divergence of the skip probabilities from the target, in nats: summed over
    the skips of a layer, averaged over layers."""
    skip_rate: float
    """Fraction of skips that were taken."""


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
        """Sample an architecture, using torch's global generator."""
        return _ControllerSampler(self).draw()


class _ControllerSampler:
    """State of sampling one architecture."""

    def __init__(self, controller: Controller) -> None:
        self.controller = controller
        self.sample: Sample = {}
        self.log_probabilities: list[Tensor] = []
        self.entropies: list[Tensor] = []
        self.penalties: list[Tensor] = []
        self.anchors: list[Tensor] = []
        """LSTM state after each layer."""
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
        """Return the LSTM state (1, width) after the next input."""
        self.state = self.controller.lstm(self.inputs, self.state)
        return self.state[0]

    def _choose(self, logits: Tensor) -> Tensor:
        """Sample value indices (choices,), given logits (choices, values)."""
        constant = self.controller.settings.tanh_constant
        log_probs = (constant * logits.tanh()).log_softmax(-1)
        probs = log_probs.exp()
        drawn = torch.multinomial(probs.detach(), 1)
        self.log_probabilities.append(log_probs.gather(1, drawn).sum())
        self.entropies.append(-(probs * log_probs).sum())
        self.probs, self.log_probs = probs, log_probs
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
        log_target = self.probs.new_tensor([1 - target, target]).log()
        self.penalties.append(
            functional.kl_div(
                log_target.expand_as(self.probs), self.log_probs, reduction="sum", log_target=True
            )
        )
