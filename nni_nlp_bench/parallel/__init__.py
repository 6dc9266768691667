"""Train and score many architectures in parallel, on one machine or a Dask cluster."""
