"""Strategies of this package in NNI's engines, and NNI's strategies in this package."""
