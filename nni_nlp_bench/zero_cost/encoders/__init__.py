"""Training-free scores of transformer encoders, as Serianni and Kalita (2023) compute them."""
