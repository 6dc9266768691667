"""What a trained language model has learned: word similarity, and tasks on its frozen outputs.

The two evaluations of trained models, intrinsic and extrinsic, of Klyuchnikov et al.,
NAS-Bench-NLP, arXiv 2006.07116.
"""
