"""Every table of the console, one model per file."""

from integrations.models.call import Call, CallBody
from integrations.models.credential import Credential
from integrations.models.health import HealthCheck, Incident
from integrations.models.job import Job
from integrations.models.media import MediaAttachment
from integrations.models.repeat import CallRepeat
from integrations.models.service import Service, ServiceState
from integrations.models.shared import AccessToken, CachedAnswer, CallSlot, LimitClock
from integrations.models.stream import Stream
from integrations.models.sync import Change, RecordError, SyncRun
from integrations.models.synced import Essay, Property, Record, SyncedModel
from integrations.models.webhook import Attempt, WebhookEvent
from integrations.models.worker import WorkerHeartbeat

__all__ = [
    "AccessToken",
    "Attempt",
    "CachedAnswer",
    "Call",
    "CallBody",
    "CallRepeat",
    "CallSlot",
    "Change",
    "Credential",
    "Essay",
    "HealthCheck",
    "Incident",
    "Job",
    "LimitClock",
    "MediaAttachment",
    "Property",
    "Record",
    "RecordError",
    "Service",
    "ServiceState",
    "Stream",
    "SyncRun",
    "SyncedModel",
    "WebhookEvent",
    "WorkerHeartbeat",
]
