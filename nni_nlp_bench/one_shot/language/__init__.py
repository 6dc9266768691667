"""One-shot search for a recurrent cell: the language model around all cells of one size."""
