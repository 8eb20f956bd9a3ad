"""A secret that sings wherever it turns up: how it is written, where it is put, and where it is looked for."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from urllib.parse import quote, urlencode

import requests
from django.core.management import call_command
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from integrations.models import Service
from integrations.transport.exchange import Content
from tests.admin.asking import page
from tests.admin.expectations import EXPECTED
from tests.admin.population import rows
from tests.admin.test_export import COPIED, FORMATS, LOGGED, export, text_of
from tests.admin.test_matrix import model_of
from tests.tables import cells
from tests.transport.server import Reply
from tests.worker import queued

NEEDLE = "needle7Qx9k2ZtWv"
SECRET = f'k/"+<{NEEDLE}&=%~'  # characters that every notation escapes
TOKEN_NEEDLE = "runtime4Hb8mYc3J"
TOKEN = f"r-{TOKEN_NEEDLE}.x_y"  # known to nobody: only the names it stands under give it away


def forms_of(needle: str) -> dict[str, str]:
    """Every way to write it; the needle itself stays the same in all escapes of the secret."""
    raw = needle.encode()
    forms = {"raw": needle, "hexadecimal": raw.hex(), "hexadecimal in capitals": raw.hex().upper()}
    for shift in range(3):
        whole = base64.b64encode(b"\0" * shift + raw)[4:-4].decode()
        forms[f"base64 {shift}"] = whole
        forms[f"base64 for URLs {shift}"] = whole.replace("+", "-").replace("/", "_")
    return forms


FORMS = {f"{name} {form}": text for name in (NEEDLE, TOKEN_NEEDLE) for form, text in forms_of(name).items()}


def hits(text: str) -> list[str]:
    """Which canaries, in which form, are in this text."""
    return [form for form, written in FORMS.items() if written in text]


def in_base64(secret: str) -> str:
    return " ".join(base64.b64encode(f"{before}{secret}!".encode()).decode() for before in ("", "u", "user:", "äö"))


def asked() -> Iterator[tuple[str, Content]]:
    """Path and contents of requests that hold both, or that one, in every position."""
    yield f"/things/{quote(SECRET, safe='')}", {}
    yield f"/things/{base64.urlsafe_b64encode(SECRET.encode()).decode()}/{SECRET.encode().hex()}", {}
    query = {"q": SECRET, "b": in_base64(SECRET), "h": SECRET.encode().hex(), "access_token": TOKEN}
    yield "/things", {"params": query}
    yield "/things", {"params": {"next": f"https://u:{TOKEN}@host/?sig={TOKEN}&q={quote(SECRET)}", "key": TOKEN}}
    nested = {"a": [{"b": SECRET}], "inner": json.dumps({"c": SECRET, "tokens": [TOKEN]})}
    yield "/things", {"payload": nested}
    yield "/things", {"payload": {"form": urlencode({"x": SECRET, "token": TOKEN}), "basic": in_base64(SECRET)}}
    yield "/things", {"form": {"x": SECRET, "password": TOKEN, "y": in_base64(SECRET)}}
    xml = f"<a><b>{SECRET}</b><password>{TOKEN}</password></a>".encode()
    yield "/things", {"form": {"x": SECRET, "token": TOKEN}, "files": {"list": ("a.xml", xml, "application/xml")}}
    yield "/things", {"headers": {"X-Api-Key": TOKEN, "X-Seen": in_base64(SECRET), "Cookie": f"sid={TOKEN}"}}


def echoed() -> Iterator[tuple[str, str]]:
    """Bodies of answers with their type."""
    yield "application/json", json.dumps({"message": f"Bad token {SECRET}", "token": TOKEN, "x": in_base64(SECRET)})
    yield "application/json", json.dumps({"detail": f"Bad access_token={TOKEN}", "hex": SECRET.encode().hex().upper()})
    yield "application/json", json.dumps({"a": json.dumps({"b": SECRET, "credentials": {"one": TOKEN}})})
    yield "application/x-www-form-urlencoded", urlencode({"a": SECRET, "refresh_token": TOKEN})
    yield "application/xml", f"<a><b>{quote(SECRET)}</b><password>{TOKEN}</password><c api_key='{TOKEN}'/></a>"
    yield "text/html", f"<p title='{in_base64(SECRET)}'>{SECRET}</p><input name='token' value='{TOKEN}'>"
    yield "text/plain", f"POST / HTTP/1.1\r\nX-Api-Key: {TOKEN}\r\nX-Sent: {SECRET}\r\n\r\nsent as Bearer {TOKEN}"
    parts = {"a": (None, SECRET), "api_key": (None, TOKEN), "token": ("x.txt", TOKEN, "text/plain")}
    sent = requests.Request("POST", "http://host/", files=parts).prepare()
    assert isinstance(sent.body, bytes)
    yield sent.headers["Content-Type"], sent.body.decode()


def in_headers() -> tuple[tuple[str, str], ...]:
    """Headers of an answer that hold both."""
    address = f"https://u:{TOKEN}@host/cb?key={TOKEN}&q={quote(SECRET)}#access_token={TOKEN}"
    return (
        ("Location", address),
        ("Link", f'<{address}>; rel="next"'),
        ("Refresh", f"5; url={address}"),
        ("Set-Cookie", f"sid={TOKEN}; Path=/"),
        ("X-Auth-Token", TOKEN),
        ("X-Request-Id", SECRET),
        ("X-Echo", SECRET),
        ("X-Basic", f"Basic {in_base64(SECRET)}"),
    )


def replies() -> Iterator[Reply]:
    """Every echo as success, as refusal and as redirect; then remotes that speak no HTTP at all."""
    for kind, body in echoed():
        for status in (200, 302, 401, 500):
            yield Reply(status, body.encode(), in_headers(), content_type=kind)
    yield Reply(429, f'{{"message": "{TOKEN_NEEDLE[:3]} {SECRET.encode().hex()}"}}'.encode(), (("Retry-After", "60"),))
    yield Reply(200, b"no JSON", content_type=SECRET)
    yield Reply(raw=f"{SECRET}\r\n\r\n{SECRET}".encode())
    yield Reply(200, SECRET.encode() * 9, in_headers(), cut=True)


def database(folder: Path) -> str:
    """All of it: cells, a dump as Django makes it, and the database's own file or dump."""
    fixture = StringIO()
    call_command("dumpdata", stdout=fixture)
    own = _sqlite() if connection.vendor == "sqlite" else _pg_dump(folder)
    return "\n".join((*(text for _, _, text in cells()), fixture.getvalue(), own))


def _sqlite() -> str:
    name = str(connection.settings_dict["NAME"])
    files = (Path(name), Path(f"{name}-wal"))
    return "".join(file.read_bytes().decode("latin-1") for file in files if file.exists())


def _pg_dump(folder: Path) -> str:
    known = {k: str(v) for k, v in connection.settings_dict.items()}
    environment = {"PGPASSWORD": known["PASSWORD"], "PATH": "/usr/bin:/usr/local/bin"}
    target = folder / "dump.sql"
    where = [f"--{name}={known[key]}" for name, key in (("host", "HOST"), ("port", "PORT"), ("username", "USER"))]
    subprocess.run(["pg_dump", *where, f"--file={target}", known["NAME"]], env=environment, check=True)
    return target.read_text()


def pages(client: Client, most: int | None = None) -> Iterator[tuple[str, str]]:
    """Address and text of every page of the admin, for every row there is or for that many of each model."""
    for name, wanted in EXPECTED.items():
        for arguments in _arguments(name, wanted.needs)[:most]:
            response = client.get(reverse(f"admin:{name}", args=arguments))
            if not response.streaming:
                yield response.request["PATH_INFO"], response.content.decode()


def _arguments(name: str, needs: str) -> list[list[object]]:
    if needs == "pk":
        return [[pk] for pk in rows(model_of(name))]
    return [["integrations"]] if needs == "app" else [] if needs else [[]]


def exports(client: Client) -> Iterator[tuple[str, str]]:
    """What can be taken away, in every format."""
    models: tuple[type[Model], ...] = (*COPIED, *LOGGED, Service)
    for model in models:
        for form in FORMATS:
            yield f"{page(model, 'export')} {form}", text_of(export(client, model, form))


def queue() -> str:
    """What the queue's rows hold, unpacked."""
    return repr(queued())
