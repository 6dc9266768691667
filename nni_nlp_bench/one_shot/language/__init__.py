"""One-shot search for a recurrent cell with a language model."""
