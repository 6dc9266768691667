"""Search spaces: architectures as values, and edits between them."""
