"""Adapters between strategies of this package and strategies of NNI."""
