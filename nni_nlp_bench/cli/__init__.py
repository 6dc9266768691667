"""The command `nni-nlp-bench`: one file a verb."""
