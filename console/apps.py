"""The project's own app: the landing page and its template tags."""

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    """Holds no models."""

    name = "console"
    verbose_name = "Console"
