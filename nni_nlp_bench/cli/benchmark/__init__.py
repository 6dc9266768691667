"""`benchmark`: download, import, export and inspect benchmarks."""
