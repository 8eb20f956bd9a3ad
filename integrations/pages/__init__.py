"""The essay and property pages, and what they show of external systems."""
