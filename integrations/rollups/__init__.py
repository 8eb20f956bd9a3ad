"""Calls summed up by minute, hour and day, so that no figure reads the whole log; docs/operating.md says how."""
