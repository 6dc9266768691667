"""Distillation losses, one module per method."""
