"""Results of training: tables, surrogates, importers, downloads."""
