"""The public API, which `nni_nlp_bench` exports: everything that the command does, as calls."""
