"""What is copied: rows that mirror something an external system owns."""

from __future__ import annotations

from typing import ClassVar, Self

from django.db import models
from django.urls import reverse
from imagekit.cachefiles import ImageCacheFile

from integrations.models.media import MediaAttachment
from integrations.models.service import Service
from integrations.models.stream import Stream
from integrations.models.sync import SyncRun


class SyncedModel(models.Model):
    """A row that mirrors one item of a stream. `(service, external_id)` is its identity, never a slug.

    The sync engine writes `synced_fields` and nothing else; a hash of them tells whether an item changed.
    """

    synced_fields: ClassVar[tuple[str, ...]] = ()
    found_fields: ClassVar[tuple[str, ...]] = ()  # what the console itself found out; see `keep_found`

    # For each row the database looks up each key, which took a sixth of the time of a first sync. So it checks that of
    # the stream alone: the stream names the service, and the row of the run is written in the same transaction.
    # The service has no index of its own either: that of `once_per_service` begins with it.
    service = models.ForeignKey(
        Service, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    stream = models.ForeignKey(Stream, on_delete=models.PROTECT, related_name="+")
    external_id = models.CharField("id at the source", max_length=255)
    content_hash = models.CharField(max_length=64, editable=False)
    first_run = models.ForeignKey(
        SyncRun,
        null=True,
        on_delete=models.SET_NULL,
        db_constraint=False,
        related_name="+",
        editable=False,
        verbose_name="came with",
    )
    last_run = models.ForeignKey(
        SyncRun,
        null=True,
        on_delete=models.SET_NULL,
        db_constraint=False,
        related_name="+",
        editable=False,
        verbose_name="last changed by",
    )
    source_modified_at = models.DateTimeField("changed at the source", null=True, blank=True)
    synced_at = models.DateTimeField("last changed here", help_text="When a run last wrote this row.")
    deleted_at = models.DateTimeField("gone from the source", null=True, blank=True)

    class Meta:
        abstract = True
        constraints = [
            models.UniqueConstraint(fields=["service", "external_id"], name="%(class)s_once_per_service"),
        ]
        indexes = [models.Index(fields=["-synced_at", "-id"], name="%(class)s_newest")]

    def get_absolute_url(self) -> str:
        """Its page in the admin."""
        return reverse(f"admin:integrations_{self._meta.model_name}_change", args=[self.pk])

    def keep_found(self, before: Self) -> None:
        """Take over from the row as it was what the console found out and the source does not say."""


class Record(SyncedModel):
    """An item whose System brings no table of its own: what the source sent, as JSON."""

    synced_fields = ("title", "data", "source_modified_at")

    title = models.CharField(max_length=255, blank=True)
    data = models.JSONField(default=dict)

    class Meta(SyncedModel.Meta):
        permissions = [("export_record", "Can export records")]

    def __str__(self) -> str:
        return self.title or self.external_id


class Essay(SyncedModel):
    """An article of a CMS, or a text kept in a repository."""

    synced_fields = ("title", "slug", "body", "author", "url", "cover_url", "published_at", "source_modified_at")

    title = models.CharField(max_length=500)
    slug = models.CharField(max_length=255, blank=True)
    body = models.TextField(blank=True)
    author = models.CharField(max_length=255, blank=True)
    url = models.URLField("address at the source", max_length=1000, blank=True)
    cover_url = models.URLField("picture at the source", max_length=1000, blank=True)
    published_at = models.DateTimeField("published", null=True, blank=True)
    cover = models.ForeignKey(MediaAttachment, null=True, blank=True, on_delete=models.SET_NULL, related_name="essays")

    class Meta(SyncedModel.Meta):
        permissions = [("export_essay", "Can export essays"), ("publish_essay", "Can publish an essay to GitHub")]
        indexes = [*SyncedModel.Meta.indexes, models.Index(fields=["slug", "-id"], name="essay_by_slug")]

    def __str__(self) -> str:
        return self.title

    @property
    def cover_thumbnail(self) -> ImageCacheFile | None:
        """A small picture of the cover, once it is made."""
        return self.cover.thumbnail if self.cover and self.cover.is_shown else None

    @property
    def cover_large(self) -> ImageCacheFile | None:
        """A large picture of the cover, once it is made."""
        return self.cover.large if self.cover and self.cover.is_shown else None


class Property(SyncedModel):
    """A parcel of land with its address and what the assessor says of it."""

    synced_fields = (
        "parcel_id",
        "address",
        "city",
        "postal_code",
        "latitude",
        "longitude",
        "data",
        "source_modified_at",
    )
    found_fields = ("geocoded_by", "geocoded_at", "geocoded_as", "attribution")

    parcel_id = models.CharField("parcel", max_length=100, blank=True, db_index=True)
    address = models.CharField(max_length=500, blank=True)
    city = models.CharField(max_length=255, blank=True)
    postal_code = models.CharField(max_length=20, blank=True)
    latitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    longitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    data = models.JSONField(default=dict, blank=True)
    geocoded_by = models.ForeignKey(Service, null=True, on_delete=models.SET_NULL, related_name="+", editable=False)
    geocoded_at = models.DateTimeField("geocoded", null=True, editable=False)
    geocoded_as = models.CharField(
        max_length=500, blank=True, editable=False, help_text="The address as the geocoder writes it; empty: not found."
    )
    attribution = models.CharField(max_length=100, blank=True, editable=False)

    class Meta(SyncedModel.Meta):
        verbose_name_plural = "properties"
        permissions = [
            ("export_property", "Can export properties"),
            ("geocode_property", "Can geocode properties"),
        ]

    def __str__(self) -> str:
        return self.address or self.parcel_id or self.external_id

    def keep_found(self, before: Self) -> None:
        """What a geocoder said of an address holds until the address changes or the source says where it is."""
        is_silent = self.latitude is None and self.longitude is None
        is_same = all(getattr(self, name) == getattr(before, name) for name in ("address", "city", "postal_code"))
        if before.geocoded_at and is_silent and is_same:
            for name in ("latitude", "longitude", *self.found_fields):
                setattr(self, name, getattr(before, name))
