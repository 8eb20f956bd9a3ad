"""Publication: an essay that somebody asked to be committed to a repository, and what came of it."""

from __future__ import annotations

from django.db import models
from django.urls import reverse

from integrations.models.job import Job
from integrations.models.service import Service
from integrations.models.synced import Essay


class Publication(Job):
    """One commit of one file. What is committed is what the essay was when it was asked for."""

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting for a worker"
        RUNNING = "running", "Being published"
        PARKED = "parked", "Parked"
        SUCCEEDED = "succeeded", "Published"
        FAILED = "failed", "Not published"

    essay = models.ForeignKey(Essay, on_delete=models.CASCADE, related_name="publications")
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="publications")
    state = models.CharField(max_length=12, choices=State, default=State.QUEUED)
    path = models.CharField(max_length=500, help_text="Of the file in the repository.")
    message = models.CharField(max_length=500, help_text="Of the commit.")
    replace = models.BooleanField(default=False, help_text="Whatever is there, also what somebody else wrote.")
    content = models.TextField(help_text="The whole file.")
    author_name = models.CharField(max_length=300, blank=True)
    author_email = models.EmailField(blank=True, help_text="Empty: the commit is by the owner of the token.")
    content_sha = models.CharField(max_length=64, blank=True, help_text="Of the file as the console left it.")
    url = models.URLField(
        max_length=1000, blank=True, help_text="Page of the commit, or of a file that was so already."
    )
    changed = models.BooleanField(null=True, help_text="Whether a commit was needed.")

    class Meta:
        ordering = ["-pk"]
        indexes = [Job.lease_index("publication_active")]
        constraints = [
            models.UniqueConstraint(
                fields=["essay"], condition=models.Q(state__in=Job.ACTIVE), name="one_active_publication_per_essay"
            )
        ]

    def __str__(self) -> str:
        return f"Publication of {self.essay} to {self.service}"

    def get_absolute_url(self) -> str:
        """The page of the essay."""
        return reverse("admin:integrations_essay_change", args=[self.essay_id])
