"""Preparing an installation."""
