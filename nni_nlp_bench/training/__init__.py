"""Training one network on a text."""
