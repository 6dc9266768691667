"""What a network learns from another one: teachers, and losses between their layers."""
