"""Zero-cost scores of transformer encoders (Serianni and Kalita, 2023)."""
