"""Training-free scores: what an untrained network tells of the trained one."""
