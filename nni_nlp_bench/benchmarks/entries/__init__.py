"""Entries of the catalogue of benchmarks, a module a release."""
