"""The tables of LiteTransformerSearch's release in the catalogue: one download for all."""

from __future__ import annotations

from nni_nlp_bench.benchmarks.catalogue import Archive, CatalogueEntry
from nni_nlp_bench.benchmarks.importers.formats import ORIGINS

COMMIT = "47770415327900684ed95c0bc9bf7cd0d0047fad"
TREE = "971a628b3a900f8c638766c8a4258ca289dfcd26"
"""Git tree id of the folder `archai/nlp/nas/saved_logs` of that commit."""


def _entry(name: str, count: int, description: str) -> CatalogueEntry:
    return CatalogueEntry(
        name=f"lts/{name}",
        space="lts",
        description=description,
        licence=ORIGINS["lts"].licence,
        citation=ORIGINS["lts"].citation,
        source=Archive(
            url=f"https://github.com/microsoft/archai/archive/{COMMIT}.tar.gz",
            blob_id=TREE,
            format="lts",
            size=f"{count} decoders; one download for all of lts",
            dataset=name,
        ),
    )


def _random(name: str, count: int, model: str, corpus: str) -> CatalogueEntry:
    return _entry(name, count, f"{count} random {model} on {corpus}")


def _measured(name: str, count: int, model: str, device: str) -> CatalogueEntry:
    return _entry(name, count, f"{count} {model} of searches, with latency and memory on {device}")


_GPT2, _XL = "GPT-2 decoders", "Transformer-XL decoders"
_ARM, _CORE_I7, _TITAN_XP = "an ARM CPU", "a Core i7 CPU", "a Titan Xp GPU"

GPT2_WT103 = _random("gpt2-wt103", 200, _GPT2, "WikiText-103")
GPT2_LM1B = _random("gpt2-lm1b", 200, _GPT2, "One Billion Word")
TXL_WT103 = _random("txl-wt103", 200, _XL, "WikiText-103")
TXL_LM1B = _random("txl-lm1b", 183, _XL, "One Billion Word")
TXL_WT103_HOMOGENEOUS = _random(
    "txl-wt103-homogeneous", 98, f"{_XL} whose layers are alike,", "WikiText-103"
)
GPT2_LM1B_ARM = _measured("gpt2-lm1b-arm", 45, _GPT2, _ARM)
GPT2_LM1B_COREI7 = _measured("gpt2-lm1b-corei7", 38, _GPT2, _CORE_I7)
GPT2_LM1B_TITANXP = _measured("gpt2-lm1b-titanxp", 38, _GPT2, _TITAN_XP)
TXL_LM1B_ARM = _measured("txl-lm1b-arm", 39, _XL, _ARM)
TXL_LM1B_COREI7 = _measured("txl-lm1b-corei7", 35, _XL, _CORE_I7)
TXL_LM1B_TITANXP = _measured("txl-lm1b-titanxp", 40, _XL, _TITAN_XP)
