"""Corpora and labelled sentences."""
