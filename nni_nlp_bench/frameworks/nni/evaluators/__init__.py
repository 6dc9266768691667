"""NNI evaluators: benchmarks, training and zero-cost scores."""
