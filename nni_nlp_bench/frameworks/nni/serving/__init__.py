"""Experiments whose web UI listens where it should: start them, list them, stop them."""
