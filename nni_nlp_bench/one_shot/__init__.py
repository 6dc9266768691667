"""One-shot search: all cells of ENAS share the weights of one language model in training.

`search.search_one_shot` finds a cell, `compare.compare_with_lstm` trains it from scratch.
"""
