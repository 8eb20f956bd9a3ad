"""SampleDelivery: a test delivery that a worker sends to the service's own address, as its sender would."""

from __future__ import annotations

from django.db import models

from integrations.models.job import Job
from integrations.models.service import Service


class SampleDelivery(Job):
    """Shows that the address is reached from outside and that what is signed with the secret of now is believed."""

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="samples")
    address = models.URLField(max_length=500, help_text="As whoever asked for it reaches the console.")
    status = models.PositiveSmallIntegerField(null=True, blank=True, help_text="What our own address answered.")

    class Meta:
        ordering = ["-pk"]
        indexes = [Job.lease_index("sample_active")]
        constraints = [
            models.UniqueConstraint(
                fields=["service"], condition=models.Q(state__in=Job.ACTIVE), name="one_active_sample_per_service"
            )
        ]

    def __str__(self) -> str:
        return f"Test delivery to {self.service}"

    def get_absolute_url(self) -> str:
        """The page of the service."""
        return self.service.get_absolute_url()
