"""Surrogate of cells: loss, its uncertainty, training time, probability of divergence."""
