"""Many cells at once, on one machine or on a cluster of Dask."""
