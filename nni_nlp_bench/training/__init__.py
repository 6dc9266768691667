"""Training of language models and sentence classifiers."""
