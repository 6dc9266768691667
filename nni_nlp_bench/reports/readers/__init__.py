"""Read searches from NNI experiments and from folders that `compare` wrote."""
