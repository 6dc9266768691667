"""One-shot search: all architectures of a space share the weights of one supernet.

`search.search_one_shot` searches; `language.compare.compare_with_lstm` trains a found cell and an
LSTM from scratch.
"""
