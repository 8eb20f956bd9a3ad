"""Every table of the console, one model per file."""

from integrations.models.bulk import BulkOperation
from integrations.models.call import Call, CallBody
from integrations.models.change import Change, RecordError
from integrations.models.credential import Credential
from integrations.models.enrichment import Enrichment
from integrations.models.export import Export
from integrations.models.geocode import GeocodeBatch
from integrations.models.health import HealthCheck, HealthDay
from integrations.models.incident import Incident
from integrations.models.job import Job
from integrations.models.media import Derivation, MediaAttachment
from integrations.models.position import PositionChange
from integrations.models.publication import Publication
from integrations.models.refused import RefusedDelivery
from integrations.models.repeat import CallRepeat
from integrations.models.rollup import LatencyRollup, RollupMark
from integrations.models.sample import SampleDelivery
from integrations.models.service import Service, ServiceState
from integrations.models.settings_change import SettingsChange
from integrations.models.shared import AccessToken, CachedAnswer, CallSlot, LimitClock
from integrations.models.sighting import Sighting
from integrations.models.stream import Stream
from integrations.models.sync import RunEvent, SyncRun
from integrations.models.synced import Essay, Property, Record, SyncedModel
from integrations.models.trial import Trial
from integrations.models.webhook import Attempt, Effect, Trigger, WebhookEvent
from integrations.models.worker import WorkerHeartbeat

__all__ = [
    "AccessToken",
    "Attempt",
    "BulkOperation",
    "CachedAnswer",
    "Call",
    "CallBody",
    "CallRepeat",
    "CallSlot",
    "Change",
    "Credential",
    "Derivation",
    "Effect",
    "Enrichment",
    "Essay",
    "Export",
    "GeocodeBatch",
    "HealthCheck",
    "HealthDay",
    "Incident",
    "Job",
    "LatencyRollup",
    "LimitClock",
    "MediaAttachment",
    "PositionChange",
    "Property",
    "Publication",
    "Record",
    "RecordError",
    "RefusedDelivery",
    "RollupMark",
    "RunEvent",
    "SampleDelivery",
    "Service",
    "ServiceState",
    "SettingsChange",
    "Sighting",
    "Stream",
    "SyncRun",
    "SyncedModel",
    "Trial",
    "Trigger",
    "WebhookEvent",
    "WorkerHeartbeat",
]
