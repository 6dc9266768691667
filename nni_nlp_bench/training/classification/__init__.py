"""Classifiers of sentences: training, and what they are compared with."""
