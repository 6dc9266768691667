"""NNI's tuner: runs a strategy in an experiment, one trial at a time."""
