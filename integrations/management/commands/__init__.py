"""The verbs of the admin, for a shell."""
