"""The encoder space of NAS-Bench-BERT (Serianni and Kalita, 2023), a subset of FlexiBERT's."""

from search_spaces.encoder.architecture import EncoderArchitecture, EncoderError, EncoderLayer

__all__ = ["EncoderArchitecture", "EncoderError", "EncoderLayer"]
