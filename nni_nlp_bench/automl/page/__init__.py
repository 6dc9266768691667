"""HTML report of an AutoML run."""
