"""Trained models as folders: saved, loaded, described, exported, measured and served."""
