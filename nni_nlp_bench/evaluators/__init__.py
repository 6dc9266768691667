"""Evaluators: one architecture and a budget in, one result out."""
