"""A `webhook.py` made of options alone: who sends, and where deliveries say what they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from integrations.systems.base import Options
from integrations.systems.deliveries import Delivery, Holds, Identity
from integrations.webhooks.schemes import Basic, Bearer, ClientCertificate, Scheme, Signed, Token, Unverified
from integrations.webhooks.schemes.senders import SENDERS, Sender


def sender(options: Options) -> Sender | None:
    """Who sends; None where nothing is to be received."""
    chosen = options["hook_scheme"]
    if chosen == "off":
        return None
    known = SENDERS.get(chosen) or _described(chosen, options)
    paths = {name: options[f"hook_{name}"] for name in ("id_path", "type_path") if options[f"hook_{name}"]}
    return replace(known, scheme=replace(known.scheme, is_json=bool(options["hook_json"])), **paths)


def _described(chosen: str, options: Options) -> Sender:
    id_header, type_header = (str(options[name] or "").lower() for name in ("hook_id_header", "hook_type_header"))
    return Sender(_scheme(chosen, options), id_header=id_header, type_header=type_header)


def _scheme(chosen: str, options: Options) -> Scheme:
    header = str(options["hook_header"] or "x-signature").lower()
    if chosen == "hmac":
        return _signed(header, options)
    schemes: Mapping[str, Scheme] = {
        "token": Token(header),
        "bearer": Bearer(),
        "basic": Basic(),
        "certificate": ClientCertificate(header),
        "none": Unverified(),
    }
    return schemes[chosen]


def _signed(header: str, options: Options) -> Signed:
    return Signed(
        header,
        prefix=str(options["hook_prefix"] or ""),
        algorithm=options["hook_algorithm"],
        encoding=options["hook_encoding"],
        template=str(options["hook_template"]),
        timestamp=str(options["hook_timestamp_header"] or "").lower(),
        id=str(options["hook_id_header"] or "").lower(),
    )


def identify(delivery: Delivery) -> Identity:
    """By the sender's headers, or else by what stands in the body."""
    known = sender(delivery.options) or Sender(Unverified())  # received before it was switched off
    return known.identity(delivery.headers, delivery.body)


def handle(identity: Identity) -> str:
    """What came, in a sentence: nobody here knows more of it."""
    kind = identity.event_type or "A delivery without a type"
    return kind if identity.holds != Holds.OTHER else f"{kind}, which is no JSON"
