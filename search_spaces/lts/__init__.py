"""The decoders of LiteTransformerSearch (Javaheripi et al., 2022): GPT-2 and Transformer-XL."""

from search_spaces.lts.architecture import DecoderLayer, LtsArchitecture, LtsError

__all__ = ["DecoderLayer", "LtsArchitecture", "LtsError"]
