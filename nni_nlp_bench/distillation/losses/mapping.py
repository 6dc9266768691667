"""Which layer of a deeper network a layer answers to, where nothing chooses it."""

from __future__ import annotations


def uniform_layer_mapping(student_layers: int, teacher_layers: int) -> list[int]:
    """The teacher's layer of each student layer, from 0: of 4 and 12 layers 2, 5, 8, 11."""
    return [-(-i * teacher_layers // student_layers) - 1 for i in range(1, student_layers + 1)]


def middle(layers: int) -> int:
    """The middle layer, from 0: the lower of two."""
    return (layers - 1) // 2
