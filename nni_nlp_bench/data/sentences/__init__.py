"""Sentences with labels, by name or from files, and numbers for their words."""
