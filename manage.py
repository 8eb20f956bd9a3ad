#!/usr/bin/env python
"""Django's command line, with configuration mistakes said in a sentence instead of a traceback."""

import os
import sys


def main() -> None:
    """Run one management command."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"{error}\nSee .env.example for every variable; `make setup` writes a .env that works here.")


if __name__ == "__main__":
    main()
