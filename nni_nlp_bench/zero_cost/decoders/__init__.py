"""Zero-cost scores of transformer decoders, those of the space `lts`."""
