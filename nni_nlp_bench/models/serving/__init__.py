"""HTTP server of one trained model, on 127.0.0.1 only."""
