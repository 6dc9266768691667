"""Search strategies, found by name."""
