"""One-shot search for a sentence classifier."""
