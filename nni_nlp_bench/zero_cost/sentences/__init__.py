"""Zero-cost scores of sentence classifiers."""
