"""Strategies that ask for trainings of different length."""
