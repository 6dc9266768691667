"""SMAC3: its Bayesian optimization with a random forest as the strategy `smac`."""
