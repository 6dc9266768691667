"""The tangent kernel and the linear regions of networks that are computed by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence

from nni_nlp_bench.zero_cost.linear_regions import RecordSigns, count_patterns, linear_regions
from nni_nlp_bench.zero_cost.ntk import NOT_FINITE, condition_number, ntk_condition

INPUTS = torch.tensor([[2.0, 0.0], [1.0, 1.0]])


@pytest.mark.parametrize("vectorized", [True, False])
def test_the_kernel_of_a_linear_map_is_that_of_its_inputs(vectorized: bool) -> None:
    linear = nn.Linear(2, 1, bias=False)
    unused = nn.Parameter(torch.ones(3))
    outputs = linear(INPUTS).unbind()
    # X X' = [[4, 2], [2, 2]]: eigenvalues 3 +- sqrt(5).
    expected = (3 + 5**0.5) / (3 - 5**0.5)
    found = ntk_condition(outputs, [*linear.parameters(), unused], vectorized=vectorized)
    assert found == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("vectorized", [True, False])
def test_several_outputs_of_a_sample_are_summed_and_parameters_joined(vectorized: bool) -> None:
    linear = nn.Linear(2, 3)
    found = ntk_condition(linear(INPUTS).unbind(), [*linear.parameters()], vectorized=vectorized)
    kernel = 3 * (INPUTS @ INPUTS.t() + 1)  # each of three rows, and its bias
    values = np.linalg.eigvalsh(kernel.numpy())
    assert found == pytest.approx(values[1] / values[0], rel=1e-5)


def test_a_kernel_without_a_finite_condition() -> None:
    assert condition_number(np.array([[1.0, 1.0], [1.0, 1.0]])) > 1e5 - 1
    assert condition_number(np.array([[np.nan, 1.0], [1.0, 1.0]])) == NOT_FINITE
    assert condition_number(np.zeros((2, 2))) == NOT_FINITE
    assert condition_number(np.diag([2.0, 8.0])) == 4


def test_linear_regions_against_brute_force() -> None:
    torch.manual_seed(0)
    first, second = nn.Linear(1, 5), nn.Linear(5, 4)
    network = nn.Sequential(first, nn.ReLU(), second, nn.ReLU(), nn.Linear(4, 1))
    line = torch.linspace(-3, 3, 2001)[:, None]
    with torch.no_grad():
        hidden = first(line)
        signs = torch.cat([hidden, second(hidden.relu())], 1) > 0
    expected = len({tuple(row) for row in signs.tolist()})
    assert linear_regions(network, network, [line]) == expected
    assert expected > 4
    halves = [line[:1000], line[1000:]]
    assert linear_regions(network, network, halves) == expected


def test_activations_are_found_wherever_they_are_called() -> None:
    values = torch.tensor([[1.0, -1.0], [2.0, 3.0], [-3.0, 5.0]])
    signs = (values > 0).tolist()
    calls: list[Any] = [torch.relu, functional.relu, Tensor.relu, torch.tanh, nn.ReLU(), nn.Tanh()]
    for call in calls:
        with RecordSigns(nn.Identity()) as recorded:
            found = call(values)
        assert torch.equal(found, values.relu()) or torch.equal(found, values.tanh())
        assert [code.tolist() for code in recorded.codes] == [signs]
    with RecordSigns(nn.Identity()) as recorded:
        torch.sigmoid(values + 100)  # above the medians 1 and 3 of each unit
    assert [code.tolist() for code in recorded.codes] == [
        [[False, False], [True, False], [False, True]]
    ]


def test_the_outputs_of_recurrent_layers_count_in_the_order_of_the_samples() -> None:
    torch.manual_seed(0)
    gru = nn.GRU(2, 3, batch_first=True)
    rows = torch.randn(4, 5, 2)
    packed = pack_padded_sequence(rows, torch.tensor([5, 5, 5, 5]), batch_first=True)
    expected = (gru(rows)[0] > 0).flatten(1)
    for inputs in (rows, packed):
        with RecordSigns(gru) as recorded:
            gru(inputs)
        (code,) = recorded.codes
        assert torch.equal(code, expected)
    assert not gru._forward_hooks


def test_patterns_are_counted_over_all_units() -> None:
    codes = [np.array([[True], [True], [False]]), np.array([[False], [True], [False]])]
    assert count_patterns(codes) == 3
    assert count_patterns(codes[:1]) == 2
    assert count_patterns([]) == 1
