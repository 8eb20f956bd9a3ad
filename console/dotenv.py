"""Writes the first `.env`: fresh secrets and plain HTTP for one machine. An existing one is left alone.

Run as `python -m console.dotenv`. It needs no Django, since without the secrets Django does not start.
"""

from __future__ import annotations

import base64
import os
import secrets
from pathlib import Path

PATH = Path(__file__).resolve().parent.parent / ".env"


def text() -> str:
    """The lines of a new `.env`."""
    return (
        "# Written by `make setup`. .env.example explains every variable.\n"
        f"SECRET_KEY={secrets.token_urlsafe(50)}\n"
        f"CREDENTIAL_KEYS={base64.urlsafe_b64encode(os.urandom(32)).decode()}\n"
        "ENVIRONMENT=development\n"
        "HTTPS=false\n"
    )


def main() -> None:
    """Write it once, readable by its owner alone."""
    if not PATH.exists():
        descriptor = os.open(PATH, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text())


if __name__ == "__main__":
    main()
