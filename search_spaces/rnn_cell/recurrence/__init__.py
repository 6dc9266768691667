"""A cell over all steps of a sequence, forward and backward, without a graph of single steps."""
