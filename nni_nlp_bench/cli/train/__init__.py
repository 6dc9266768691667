"""`train`: train one architecture."""
