"""Strategies with a model that predicts scores from features."""
