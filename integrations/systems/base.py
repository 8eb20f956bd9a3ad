"""What a System declares, and the values that cross the border between a System and the console.

Nothing here, and nothing in a System's folder, knows the database: a stream yields items, a webhook
answers what a delivery is, and the console writes the rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal, Protocol

from integrations.systems.auth import Declared, NoAuth
from integrations.transport.limits import Limits
from integrations.transport.meanings import Meanings

if TYPE_CHECKING:  # requests is heavy; declaring a System must not load it
    from integrations.transport.database import DatabaseTransport
    from integrations.transport.http import Transport

OptionKind = Literal["text", "integer", "boolean", "choice", "json_path"]
Position = Mapping[str, Any]
Options = Mapping[str, Any]
When = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Option:
    """One setting of a Service; the admin form shows a field of its kind.

    Attributes:
        default: used where a Service says nothing; None means there is none.
        choices: pairs of value and label, for `kind="choice"`.
        minimum, maximum: bounds, for `kind="integer"`.
        when: choices with which alone this option counts, by the name of the other option: the form hides it otherwise.
        suggest: the method of the client that lists what staff may enter here, as texts (tables, layouts, branches).
    """

    name: str
    label: str
    kind: OptionKind = "text"
    default: str | int | bool | None = None
    help: str = ""
    required: bool = False
    choices: tuple[tuple[str, str], ...] = ()
    minimum: int | None = None
    maximum: int | None = None
    when: When = field(default_factory=dict)
    suggest: str = ""


@dataclass(frozen=True)
class SecretField:
    """One secret a Service needs. It is written in the admin and never shown again.

    Attributes:
        overlaps: the one before may stay valid for a while, since the other side cannot change at the same moment.
        when: as of an option.
    """

    name: str
    label: str
    help: str = ""
    overlaps: bool = False
    when: When = field(default_factory=dict)


CLIENT_CERTIFICATE = SecretField(
    "client_certificate", "Client certificate", help="Certificate and private key in PEM form, one after the other."
)


@dataclass(frozen=True)
class StreamSpec:
    """Something that can be copied from a Service.

    Attributes:
        name: also the function in the System's `streams.py` that reads it.
        model: name of the `SyncedModel` that holds its items: Essay, Property or Record.
        incremental: it can read only what changed. Its position then has a `since`, a moment in ISO 8601, from the
            beginning on, and every later position of that run has it too; its items have a `source_modified_at`.
        undated: what an incremental source does with items that do not say when they changed, when it is asked for
            changes. They are always taken. "missed": it does not send them, so that later changes of them are only seen
            when everything is read, and such a run warns with their number; "given": it sends them each time.
        optional: it fits some services alone, and is off until staff switch it on.
    """

    name: str
    label: str
    model: str
    incremental: bool = False
    undated: Literal["missed", "given"] = "missed"
    optional: bool = False


@dataclass(frozen=True)
class Item:
    """One thing a stream read.

    Attributes:
        external_id: the vendor's own key, as text; never empty.
        fields: values for the model's fields, named as there.
        raw: what the vendor sent, kept with a rejected item.
    """

    external_id: str
    fields: Mapping[str, Any]
    raw: Any = None


@dataclass(frozen=True)
class BadItem:
    """An item that could not be understood; the run goes on without it.

    Attributes:
        reason: a sentence that names the field and the mend.
    """

    external_id: str
    field: str
    reason: str
    raw: Any = None


@dataclass(frozen=True)
class Gone:
    """Something the vendor says it has deleted; its row stays and is marked."""

    external_id: str
    raw: Any = None


@dataclass(frozen=True)
class Page:
    """One page of a stream.

    Attributes:
        position: where to go on after this page; stored as JSON with the rows of the page.
        total: how many items the vendor says there are, None where it does not say.
        remark: what staff should know of the page, in a sentence; empty where all is well.
    """

    items: Sequence[Item | BadItem | Gone]
    position: Position
    total: int | None = None
    remark: str = ""


class ReadStream(Protocol):
    """A function in `streams.py`: pages from a position on; it ends when there is no more."""

    def __call__(self, client: Any, position: Position) -> Iterator[Page]:
        """Go on from `position`; an empty one is the beginning."""


class Client(Protocol):
    """What every `client.py` offers beside its own operations.

    One whose options are paths into answers has a `detect_shape()` too: a Shape of the first page as it came.
    """

    def __init__(self, transport: Any, options: Options) -> None: ...

    def check_health(self) -> str:
        """One cheap call; a short remark for staff, or a CallError."""


class UnknownStream(LookupError):
    """A stream of a Service that its System does not declare."""


@dataclass(frozen=True)
class System:
    """A kind of external system. A folder's `__init__.py` holds exactly one, named SYSTEM.

    Attributes:
        base_url: offered to new services; empty where every service has its own.
        headers: sent with every request.
        auth: how its requests are signed; a function of the options where staff choose between kinds.
        limits: what the vendor allows; a Service may say otherwise.
        meanings: of the vendor's own error codes, where they tell more than the HTTP status.
        idempotency_header: where the vendor takes a key for requests that must be done once.
        untrusted_urls: strangers choose what is fetched, so that only public addresses are, and nothing secret is sent.
        transport: what its client speaks through. For `database` its options are named as the fields of
            `transport/databases/engine.py: Login`, its secret is `password`, and its services have no base URL.
        receives_webhooks: the folder has a `webhook.py` with `sender` (who sends, by the options; None where nothing is
            to be received), `identify`, `handle` (what a delivery says, in a sentence) and `touches` (the names of the
            streams whose items it says have changed). Its secret is `webhook_secret`.
    """

    slug: str
    label: str
    docs_url: str
    base_url: str = ""
    options: tuple[Option, ...] = ()
    secrets: tuple[SecretField, ...] = ()
    streams: tuple[StreamSpec, ...] = ()
    receives_webhooks: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
    auth: Declared = field(default_factory=NoAuth)
    limits: Limits = field(default_factory=Limits)
    meanings: Meanings = field(default_factory=Meanings)
    idempotency_header: str = ""
    untrusted_urls: bool = False
    transport: Literal["http", "database"] = "http"

    def __post_init__(self) -> None:
        """Any remote may ask for a client certificate: no System has to declare that."""
        own = (secret for secret in self.secrets if secret != CLIENT_CERTIFICATE)
        object.__setattr__(self, "secrets", (*own, CLIENT_CERTIFICATE))

    def module(self, name: str) -> ModuleType:
        """`client`, `streams`, `webhook` or `sandbox` of this System's folder, loaded when first asked for."""
        return import_module(f"integrations.systems.{self.slug}.{name}")

    @cached_property
    def defaults(self) -> dict[str, Any]:
        """Every option with its default."""
        return {option.name: option.default for option in self.options}

    @property
    def needs_base_url(self) -> bool:
        """Whether each service must say where it is."""
        return self.transport == "http" and not self.base_url

    def client(self, transport: Transport | DatabaseTransport, options: Options) -> Client:
        """A client that speaks through this transport."""
        made: Client = self.module("client").Client(transport, {**self.defaults, **options})
        return made

    def stream(self, name: str) -> StreamSpec:
        """The declared stream of that name.

        Raises:
            UnknownStream: this System does not declare it (any more).
        """
        for stream in self.streams:
            if stream.name == name:
                return stream
        raise UnknownStream(f"{self.label} offers no stream “{name}” any more. Switch the stream off.")

    def read(self, name: str) -> ReadStream:
        """The function that reads that stream."""
        function: ReadStream = getattr(self.module("streams"), name)
        return function
