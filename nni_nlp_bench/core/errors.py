"""Base classes of errors that a user can fix."""


class UserError(Exception):
    """Invalid input; the one-line message names the remedy. Commands exit with code 2."""


class ArchitectureError(UserError, ValueError):
    """A text or value is not an architecture of the space."""
