"""Services out of a file: what it would change is shown first, and nothing else is ever written."""
