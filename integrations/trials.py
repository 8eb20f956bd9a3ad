"""Tries settings of a service for whoever is typing them: a probe, the first page of a stream, what an option may be."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from integrations import candidates, formatting, leases, systems
from integrations.connections import candidate_transport
from integrations.credentials import CredentialUnavailable
from integrations.models import Call, Trial
from integrations.recorder import Cause
from integrations.sync.differing import preview
from integrations.sync.engine import synced_model
from integrations.sync.storable import storable
from integrations.systems import UnknownSystem
from integrations.systems.base import Page, System, UnknownStream
from integrations.systems.shapes import Shape
from integrations.transport.codes import Code, Outcome
from integrations.transport.details import CallDetails
from integrations.transport.errors import CallError, Parked
from integrations.transport.redaction import SHORTEST_SECRET, Redactor

ITEMS, FINDINGS, CHOICES, CALLS, TEXT = 5, 60, 1000, 30, 8000  # how much is kept of each; of a text, characters

CUT = "…"

logger = logging.getLogger(__name__)


@dataclass
class Found:
    """What a trial has found so far; as much of it as there is stays when the rest fails.

    Attributes:
        result: of texts, numbers, lists and mappings; not redacted yet.
        redactor: blanks what the trial's transport knows to be secret.
    """

    result: dict[str, Any] = field(default_factory=lambda: {"calls": []})
    redactor: Callable[[], Redactor] = Redactor

    def note(self, details: CallDetails) -> None:
        """A hook for the transport: a service that is not saved has no log of its own."""
        if details.outcome is not Outcome.NOT_SENT and len(self.result["calls"]) < CALLS:
            text = f"{details.method} {details.url}"
            took = formatting.milliseconds(details.timings.total)
            self.result["calls"].append({"asked": text, "came": details.status or details.code.label, "took": took})

    def redacted(self) -> Any:
        """The result, fit to be stored and shown."""
        return _redacted(storable(self.result), self.redactor())


def run(lease: leases.Lease) -> None:
    """Try what the claimed row holds and write down what came of it; the row forgets its secrets with that."""
    trial, found = Trial.objects.select_related("service").get(pk=lease.pk), Found()
    code, message, state = "", "", Trial.State.SUCCEEDED
    try:
        try:
            _try(trial, lease, found)
        except leases.LostLease:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, somebody waits for a sentence
            code, message = _told(trial, error)
            state = Trial.State.FAILED
        text = found.redactor().text(message)
        lease.finish(state, failure_code=code, failure_message=text, result=found.redacted())
    except leases.LostLease:
        logger.warning("trial %s was replaced, or taken over by another worker", trial.pk)


def _try(trial: Trial, lease: leases.Lease, found: Found) -> None:
    candidate = candidates.opened(trial)
    system = systems.get(candidate.service.system)
    cause = Cause(Call.Trigger.TRIAL, trial.correlation_id, actor_id=trial.actor_id)
    with candidate_transport(candidate, cause, found.note, lease.renew) as transport:
        found.redactor = lambda: transport.redactor
        client = system.client(transport, candidate.service.options)
        WAYS[Trial.Kind(trial.kind)](client, system, trial.subject, found.result)


def _probe(client: Any, _system: System, _subject: str, result: dict[str, Any]) -> None:
    result["remark"] = client.check_health()


def _look_up(client: Any, system: System, subject: str, result: dict[str, Any]) -> None:
    (option,) = (option for option in system.options if option.name == subject)
    result["choices"] = [str(choice) for choice in getattr(client, option.suggest)()][:CHOICES]


def _read(client: Any, system: System, subject: str, result: dict[str, Any]) -> None:
    """The shape first: it tells what to correct where the page cannot be read."""
    spec = system.stream(subject)
    if hasattr(client, "detect_shape"):
        result["shape"] = _shown(client.detect_shape())
    page: Page = next(system.read(subject)(client, {}), Page([], {}))
    items = [preview(synced_model(spec.model), item) for item in page.items]
    raws = [item.raw for item in page.items if item.raw is not None]
    result |= {
        "read": len(items),
        "rejected": sum("reason" in item for item in items),
        "total": page.total,
        "remark": page.remark,
        "items": items[:ITEMS],
        "raw": formatting.pretty(storable(raws[0])) if raws else "",
    }


WAYS = {Trial.Kind.CONNECTION: _probe, Trial.Kind.STREAM: _read, Trial.Kind.LOOKUP: _look_up}


def _shown(shape: Shape) -> dict[str, Any]:
    findings = shape.findings[:FINDINGS]
    examples = Redactor().headers({finding.path: finding.example for finding in findings})  # blank under telling names
    shown = [{**asdict(finding), "example": examples[finding.path]} for finding in findings]
    return {"findings": shown, "suggestions": dict(shape.suggestions)}


def _told(trial: Trial, error: Exception) -> tuple[str, str]:
    """Code and sentence for what stopped it. A trial does not park: whoever tries it is waiting."""
    if isinstance(error, CallError):
        return error.code, error.for_staff()
    if isinstance(error, Parked):
        return Code.RATE_LIMITED, f"{error} Try again {formatting.ago(error.until)}."
    if isinstance(error, CredentialUnavailable | UnknownSystem | UnknownStream):
        return "not_configured", str(error)
    logger.error("trial %s failed", trial.pk, exc_info=error)
    return type(error).__name__, f"The console itself failed ({type(error).__name__}); see the log of the worker."


def _whole(text: str, secrets: Sequence[str]) -> str:
    """The text; where a client has cut it (…), without the beginning of a secret at its end."""
    if not text.endswith(CUT):
        return text
    said = text.removesuffix(CUT)
    halves = (secret[:length] for secret in secrets for length in range(len(secret) - 1, SHORTEST_SECRET - 1, -1))
    half = next((half for half in halves if said.endswith(half)), "")
    return f"{said.removesuffix(half)}{CUT}"


def _redacted(value: Any, redactor: Redactor) -> Any:
    if isinstance(value, str):
        return _whole(redactor.text(value), redactor.secrets)[:TEXT]
    if isinstance(value, list):
        return [_redacted(each, redactor) for each in value]
    if isinstance(value, Mapping):
        return {name: _redacted(each, redactor) for name, each in value.items()}
    return value
