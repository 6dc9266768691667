"""The command `nni-nlp-bench`: one module per subcommand."""
