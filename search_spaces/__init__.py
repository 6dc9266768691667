"""What can be searched: architectures as values, and the moves between them."""
