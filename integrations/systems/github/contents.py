"""Files, commits and trees of a repository: their values, and how they are read from GitHub's answers."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import jmespath

from integrations.transport.codes import Code
from integrations.transport.errors import CallError

SHA = re.compile("[0-9a-f]{40}|[0-9a-f]{64}")
REPOSITORY = re.compile(r"(?!\.+/)[A-Za-z0-9._-]+/(?!\.+$)[A-Za-z0-9._-]+")
SYMLINK = "120000"  # the mode of a blob that holds no text but the path it stands for
KINDS = {"symlink": "a symbolic link", "submodule": "a submodule"}


@dataclass(frozen=True)
class Author:
    """Who a commit is by; the committer stays the owner of the token."""

    name: str
    email: str


@dataclass(frozen=True)
class File:
    """One file as it is at a ref.

    Attributes:
        sha: of its blob; needed to replace or delete it.
        size: in bytes.
    """

    path: str
    sha: str
    content: bytes
    size: int


@dataclass(frozen=True)
class Commit:
    """What became of a write.

    Attributes:
        sha: of the commit; empty where none was needed.
        content_sha: of the file's blob; empty after it was deleted.
        url: the page of the commit; of the file where no commit was needed.
        changed: False if the file was so already, or if somebody else made it so at the same moment.
    """

    sha: str
    content_sha: str
    url: str
    changed: bool


@dataclass(frozen=True)
class Entry:
    """A file of a tree, and the sha of its blob."""

    path: str
    sha: str


@dataclass(frozen=True)
class Tree:
    """All files of one state of a repository, by path; links and submodules are left out.

    Attributes:
        sha: asks for the same state again, whatever was committed since.
    """

    sha: str
    entries: Sequence[Entry]


def blob_sha(content: bytes) -> str:
    """How git names a file's bytes: https://git-scm.com/book/en/v2/Git-Internals-Git-Objects."""
    return hashlib.sha1(b"blob %d\0%b" % (len(content), content), usedforsecurity=False).hexdigest()


def repository_path(repository: str) -> str:
    """Where a repository is below the base URL.

    Raises:
        CallError: it is not set, or is no “owner/name”.
    """
    if not repository:
        raise CallError(Code.NOT_SENDABLE, "No repository is set: enter owner/name in the options of the service.")
    if not REPOSITORY.fullmatch(repository):
        raise CallError(Code.NOT_SENDABLE, f"“{repository}” is no repository: enter owner/name, and no address.")
    return f"/repos/{repository}"


def quoted(path: str) -> str:
    """A path in a repository as it is written in an address: each segment encoded, the “/” kept.

    Raises:
        CallError: it would lead somewhere else.
    """
    segments = path.split("/")
    if not {"", ".", ".."}.isdisjoint(segments):
        raise CallError(Code.NOT_SENDABLE, f"“{path}” leads to no file: no part of a path may be empty, “.” or “..”.")
    return "/".join(quote(segment, safe="", errors="replace") for segment in segments)


def text_at(path: str, answer: Any) -> str:
    """A text that an answer must have at a JMESPath.

    Raises:
        CallError: there is none.
    """
    found = jmespath.search(path, answer)
    if isinstance(found, str) and found:
        return found
    raise CallError(Code.BAD_ANSWER, f"There is no text at “{path}” in the answer.")


def sha_at(path: str, answer: Any) -> str:
    """As `text_at`, of a git id."""
    if SHA.fullmatch(found := text_at(path, answer)):
        return found
    raise CallError(Code.BAD_ANSWER, f"What is at “{path}” in the answer is no sha.")


def file_in(answer: Any, path: str) -> dict[str, Any]:
    """What GitHub says of a file.

    Raises:
        CallError: there is something else at the path, or the answer is nonsense.
    """
    if isinstance(answer, list):
        raise CallError(Code.NOT_FOUND, f"“{path}” is a folder, not a file.")
    kind = text_at("type", answer)
    if kind in KINDS:
        raise CallError(Code.NOT_FOUND, f"“{path}” is {KINDS[kind]}, not a file.")
    if kind != "file":
        raise CallError(Code.BAD_ANSWER, f"“{path}” is neither file nor folder in the answer.")
    return dict(answer)


def size_of(answer: Any) -> int:
    """The number of bytes an answer declares.

    Raises:
        CallError: it declares none.
    """
    size = answer.get("size") if isinstance(answer, dict) else None
    if type(size) is int and size >= 0:
        return size
    raise CallError(Code.BAD_ANSWER, "There is no size in the answer.")


def bytes_in(answer: Any) -> bytes:
    """The bytes that a file or blob in an answer holds as base64, which GitHub breaks into lines.

    Raises:
        CallError: there are none, or not as many as declared.
    """
    if jmespath.search("encoding", answer) != "base64" or not isinstance(answer.get("content"), str):
        raise CallError(Code.BAD_ANSWER, "There is no content as base64 in the answer.")
    try:
        content = base64.b64decode("".join(answer["content"].split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise CallError(Code.BAD_ANSWER, "The content in the answer is no base64.") from error
    return complete(content, size_of(answer))


def complete(content: bytes, size: int) -> bytes:
    """The bytes themselves, if they are as many as declared.

    Raises:
        CallError: they are not.
    """
    if len(content) == size:
        return content
    raise CallError(
        Code.BAD_ANSWER, f"{len(content):,} bytes came of a file of {size:,}. Perhaps it changed meanwhile."
    )


def files_of(answer: Any) -> list[Entry]:
    """The files among the entries of a tree, sorted by path.

    Raises:
        CallError: the answer is nonsense.
    """
    found = jmespath.search("tree", answer)
    if not isinstance(found, list):
        raise CallError(Code.BAD_ANSWER, "There is no list at “tree” in the answer.")
    blobs = [each for each in found if text_at("type", each) == "blob" and text_at("mode", each) != SYMLINK]
    return sorted((Entry(text_at("path", each), sha_at("sha", each)) for each in blobs), key=lambda each: each.path)
