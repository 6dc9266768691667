"""One-shot search for a classifier of sentences: all architectures of TextNAS in one network."""
