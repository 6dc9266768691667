"""Features of a recurrent cell that need no training."""
