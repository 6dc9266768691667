"""Text to train on, by name."""
