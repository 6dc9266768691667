"""Labelled sentences by name or from files, vocabularies and word vectors."""
