"""How to talk to an external system. Knows nothing of the database: every attempt is reported to hooks."""
