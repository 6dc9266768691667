"""Errors, registries, files and optional imports: used by every other package."""
