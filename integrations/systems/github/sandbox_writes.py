"""What GitHub refuses of a write to the sandbox's repository, in its order and its words."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from integrations.systems.github.contents import blob_sha
from integrations.systems.github.sandbox_repository import BRANCH, Repository


class Refusal(Exception):
    """An answer that is no success."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def body_of(body: bytes) -> dict[str, Any]:
    """The parameters of a write, with the ones that no write can be without."""
    try:
        asked = json.loads(body)
    except ValueError as error:
        raise Refusal(400, "Problems parsing JSON") from error
    if not isinstance(asked, dict):
        raise Refusal(400, "Body should be a JSON object")
    if not asked.get("message"):
        raise missing("message")
    if (branch := asked.get("branch", BRANCH)) != BRANCH:
        raise Refusal(404, f"Branch {branch} not found")
    return asked


def content_of(asked: dict[str, Any]) -> bytes:
    """The bytes that are to be written."""
    if not isinstance(asked.get("content"), str):
        raise missing("content")
    try:
        return base64.b64decode(asked["content"], validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refusal(422, "content is not valid Base64") from error


def author_of(asked: dict[str, Any]) -> dict[str, str]:
    """Who it is by; the owner of the token where nothing is said."""
    author = asked.get("author", {"name": "octocat", "email": "octocat@example.org"})
    for name in ("name", "email"):
        if not author.get(name):
            raise missing(name)
    return dict(author)


def check_sha(repository: Repository, path: str, sha: str) -> None:
    """A file that is there is replaced or deleted by its sha alone; for one that is not any is good."""
    if path not in repository.files:
        return
    if not sha:
        raise missing("sha")
    if sha != blob_sha(repository.files[path]):
        raise Refusal(409, f"{path} does not match {sha}")


def missing(name: str) -> Refusal:
    """A parameter that must be there."""
    return Refusal(422, f'Invalid request.\n\n"{name}" wasn\'t supplied.')
