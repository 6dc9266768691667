"""Probing of trained language models: word similarity, and tasks on frozen features.

The intrinsic and extrinsic evaluations of Klyuchnikov et al.,
NAS-Bench-NLP, arXiv 2006.07116.
"""
