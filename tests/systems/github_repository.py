"""Clients of a repository, in the sandbox or at a remote that is told what to say, and GitHub's answers."""

from __future__ import annotations

import base64
import json
from contextlib import AbstractContextManager
from typing import Any

from integrations import credentials
from integrations.connections import client_for
from integrations.models import Service
from integrations.systems.github import sandbox
from integrations.systems.github.contents import blob_sha
from tests.calling import cause
from tests.transport.server import Reply, ScriptedServer

PAGE = "https://github.com/octo-org/essays/blob/main/a.md"


def sandboxed(github: Service, token: str = sandbox.SECRETS["token"], **options: Any) -> AbstractContextManager[Any]:
    """A client of the sandbox's repository."""
    credentials.store(github, "token", token)
    github.options = {**sandbox.OPTIONS, **options}
    return client_for(github, cause(), attempts=1)


def scripted(github: Service, remote: ScriptedServer, attempts: int = 1, **options: Any) -> AbstractContextManager[Any]:
    """A client of an Enterprise server that says what it is told to."""
    github.base_url = f"{remote.url}/api/v3"
    github.options = {**sandbox.OPTIONS, **options}
    return client_for(github, cause(), attempts=attempts)


def reply(data: Any, status: int = 200) -> Reply:
    return Reply(status, json.dumps(data).encode())


def said(text: bytes = b"text", /, **more: Any) -> dict[str, Any]:
    """How GitHub describes a file."""
    encoded = base64.encodebytes(text).decode()
    known = {"type": "file", "sha": blob_sha(text), "size": len(text), "html_url": PAGE}
    return {**known, "encoding": "base64", "content": encoded, **more}


def methods(remote: ScriptedServer) -> list[str]:
    return [asked.method for asked in remote.asked]
