"""Read searches from NNI experiments and from output folders of `compare`."""
