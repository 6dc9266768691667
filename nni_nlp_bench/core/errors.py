"""The one root of errors that a user can mend."""


class UserError(Exception):
    """Bad input: one line that names the thing and the remedy. Commands end with exit code 2."""


class ArchitectureError(UserError, ValueError):
    """A text or value is not an architecture of its space."""
