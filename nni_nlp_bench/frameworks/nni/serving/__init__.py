"""Start, list and stop NNI experiments with a web UI on a chosen address."""
