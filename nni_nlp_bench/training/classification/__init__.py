"""Training of sentence classifiers, and baselines."""
