"""The one app: models, verbs and everything that talks to external systems."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class IntegrationsConfig(AppConfig):
    """Connects the system checks and what every database must hold after `migrate`."""

    name = "integrations"
    verbose_name = "Integrations"

    def ready(self) -> None:
        """Register checks, then roles and the queue's one schedule after each migration."""
        from integrations import checks, functions, queue, roles  # noqa: F401 - the first two register themselves on import

        post_migrate.connect(roles.ensure, sender=self)
        post_migrate.connect(queue.ensure_tick, sender=self)
