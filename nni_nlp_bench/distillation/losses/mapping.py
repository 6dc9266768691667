"""Fixed mappings from student layers to teacher layers."""

from __future__ import annotations


def uniform_layer_mapping(student_layers: int, teacher_layers: int) -> list[int]:
    """Return the index of the teacher layer of each student layer.

    >>> uniform_layer_mapping(4, 12)
    [2, 5, 8, 11]
    """
    return [-(-i * teacher_layers // student_layers) - 1 for i in range(1, student_layers + 1)]


def middle(layers: int) -> int:
    """Return the index of the middle layer: the lower of two."""
    return (layers - 1) // 2
