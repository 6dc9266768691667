"""What `nnictl` runs: the tuner, the trials, and what reads their experiments back."""
