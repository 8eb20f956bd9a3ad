"""Everything that talks to external systems, and what it brought."""
