"""`experiment`: run experiments of NNI."""
