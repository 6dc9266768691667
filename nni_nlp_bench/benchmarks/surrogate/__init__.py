"""Predicted results of any cell: loss, its uncertainty, training time, risk of divergence."""
