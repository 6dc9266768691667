"""Models and acquisition functions that strategies share."""
