"""Real peers on loopback that tests synchronise against."""
