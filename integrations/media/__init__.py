"""Uploaded files: decoded before anybody is shown them."""
