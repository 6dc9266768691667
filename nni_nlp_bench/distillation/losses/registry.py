"""Distillation losses by name. Importing this imports no torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nni_nlp_bench.core.registry import Registry

if TYPE_CHECKING:
    from nni_nlp_bench.distillation.losses.base import DistillationLoss

_HERE = "nni_nlp_bench.distillation.losses"

LOSSES: Registry[type[DistillationLoss]] = Registry(
    "distillation loss",
    "nni_nlp_bench.distillation_losses",
    {
        "attention_transfer": f"{_HERE}.attention_transfer:AttentionTransfer",
        "bert_emd": f"{_HERE}.bert_emd:BertEmd",
        "emd": f"{_HERE}.emd:AttentionEmd",
        "emd_hidden": f"{_HERE}.emd:HiddenEmd",
        "hint": f"{_HERE}.hint:Hint",
        "nst": f"{_HERE}.nst:NeuronSelectivity",
        "similarity": f"{_HERE}.similarity:Similarity",
        "skip_mapping": f"{_HERE}.skip_mapping:SkipMapping",
        "soft_labels": f"{_HERE}.soft_labels:SoftLabels",
    },
    {
        "attention_transfer": "Squared distance of attention maps.",
        "bert_emd": "beta theta (attention EMD + hidden EMD) + alpha soft labels.",
        "emd": "EMD between layers with costs of token relations (KD-NAS-EMD).",
        "emd_hidden": "EMD between layers with costs of hidden states (BERT-EMD).",
        "hint": "Mean squared error between the teacher's middle layer and the student's, "
        "projected linearly.",
        "nst": "Squared maximum mean discrepancy between neurons with the kernel (x'y)^2.",
        "similarity": "Squared distance of similarity matrices between the sentences of a batch.",
        "skip_mapping": "Sum over student layers of the mean squared error of token relations.",
        "soft_labels": "T^2 KL(teacher || student) of class probabilities at temperature T, mean "
        "over the batch.",
    },
)
