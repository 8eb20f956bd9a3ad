"""Speaks the part of GitHub's REST API that the client uses, for one public repository of its own.

https://docs.github.com/en/rest/repos/contents, https://docs.github.com/en/rest/git/trees,
https://docs.github.com/en/rest/git/blobs, https://docs.github.com/en/rest/rate-limit/rate-limit
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path

from integrations.systems.github.contents import SHA, SYMLINK, blob_sha
from integrations.systems.github.sandbox_repository import (
    BRANCH,
    LINK,
    LINK_TARGET,
    MODULE,
    MODULE_COMMIT,
    NAME,
    Recorded,
    made,
)
from integrations.systems.github.sandbox_writes import Refusal, author_of, body_of, check_sha, content_of, missing

DOCS = "https://docs.github.com/rest"
PAGES = f"https://github.com/{NAME}"
REVOKED = "revoked"  # the token that is refused, as a real one is after it was revoked
READER = "reader"  # the token that may only read
OPTIONS = {"repository": NAME, "path": "essays"}
SECRETS = {"token": "a-token-of-the-sandbox"}
INLINE = 1024 * 1024  # of larger files the bytes are not in the JSON
RAW = "application/vnd.github.raw"

View = Callable[..., HttpResponse]
_repository = made()


def guarded(view: View) -> View:
    """The view for those who are let in."""

    @wraps(view)
    def answer(request: HttpRequest, owner: str = "", name: str = "", **rest: str) -> HttpResponse:
        try:
            _admit(request, f"{owner}/{name}")
            return view(request, **rest)
        except Refusal as refusal:
            said = {"message": str(refusal), "documentation_url": DOCS, "status": str(refusal.status)}
            return JsonResponse(said, status=refusal.status)

    return answer


def _admit(request: HttpRequest, repository: str) -> None:
    if "User-Agent" not in request.headers:
        raise Refusal(403, "Request forbidden by administrative rules.")
    token = _token(request)
    if token == REVOKED:
        raise Refusal(401, "Bad credentials")
    if repository not in {"/", NAME}:
        raise Refusal(404, "Not Found")
    if request.method != "GET" and not token:
        raise Refusal(401, "Requires authentication")
    if request.method != "GET" and token == READER:
        raise Refusal(403, "Resource not accessible by personal access token")


def _token(request: HttpRequest) -> str:
    return request.headers.get("Authorization", "").removeprefix("Bearer ")


@guarded
def rate_limit(request: HttpRequest) -> HttpResponse:
    """Anonymous callers have 60 an hour, a token 5,000."""
    limit = 5000 if _token(request) else 60
    core = {"limit": limit, "remaining": limit - 1, "used": 1, "reset": int(time.time()) + 3600}
    return JsonResponse({"resources": {"core": core}, "rate": core})


@guarded
def repository(request: HttpRequest) -> HttpResponse:
    """What the repository is called, and its default branch."""
    return JsonResponse({"full_name": NAME, "private": False, "html_url": PAGES, "default_branch": BRANCH})


@guarded
def branches(request: HttpRequest) -> HttpResponse:
    """https://docs.github.com/en/rest/branches/branches#list-branches, of which there is one."""
    return JsonResponse([{"name": BRANCH, "protected": False}], safe=False)


@guarded
def contents(request: HttpRequest, where: str) -> HttpResponse:
    """One file or folder: read, written, deleted."""
    verbs: dict[str, View] = {"GET": _read, "PUT": _write, "DELETE": _delete}
    if request.method not in verbs:
        raise Refusal(404, "Not Found")
    return verbs[request.method](request, where)


def _read(request: HttpRequest, where: str) -> HttpResponse:
    ref = request.GET.get("ref", "")
    if (state := _repository.at(ref)) is None:
        raise Refusal(404, f"No commit found for the ref {ref}")
    files = state[1]
    if where in files and request.headers.get("Accept", "").startswith(RAW):
        return HttpResponse(files[where], content_type="application/vnd.github.raw+json; charset=utf-8")
    if where in files:
        return JsonResponse(_described(where, files[where]) | _inline(files[where]))
    if where == LINK:
        return JsonResponse({"type": "symlink", "path": where, "target": LINK_TARGET.decode(), "size": 16})
    if where == MODULE:
        return JsonResponse({"type": "submodule", "path": where, "sha": MODULE_COMMIT, "size": 0})
    inside = [_described(name, files[name]) for name in files if name.startswith(f"{where}/")]
    if not inside:
        raise Refusal(404, "Not Found")
    return JsonResponse(inside, safe=False)


def _described(where: str, content: bytes) -> dict[str, Any]:
    sha, page = blob_sha(content), f"{PAGES}/blob/{BRANCH}/{quote(where)}"
    name = where.rpartition("/")[2]
    return {"type": "file", "name": name, "path": where, "sha": sha, "size": len(content), "html_url": page}


def _inline(content: bytes) -> dict[str, str]:
    if len(content) > INLINE:
        return {"content": "", "encoding": "none"}
    return {"content": base64.encodebytes(content).decode(), "encoding": "base64"}


def _write(request: HttpRequest, where: str) -> HttpResponse:
    asked = body_of(request.body)
    if not {"", ".", ".."}.isdisjoint(where.split("/")):
        raise Refusal(422, "path contains a malformed path component")
    content, author = content_of(asked), author_of(asked)
    with _repository.lock:
        is_new = where not in _repository.files
        check_sha(_repository, where, asked.get("sha", ""))
        commit = _repository.commit(where, content, asked["message"], author)
    said = {"content": _described(where, content), "commit": _told(commit)}
    return JsonResponse(said, status=201 if is_new else 200)


def _delete(request: HttpRequest, where: str) -> HttpResponse:
    asked = body_of(request.body)
    with _repository.lock:
        if not asked.get("sha"):
            raise missing("sha")
        if where not in _repository.files:
            raise Refusal(404, "Not Found")
        check_sha(_repository, where, asked["sha"])
        commit = _repository.commit(where, None, asked["message"], author_of(asked))
    return JsonResponse({"content": None, "commit": _told(commit)})


def _told(commit: Recorded) -> dict[str, Any]:
    return {
        "sha": commit.sha,
        "html_url": f"{PAGES}/commit/{commit.sha}",
        "message": commit.message,
        "author": dict(commit.author),
    }


@guarded
def commits(request: HttpRequest) -> HttpResponse:
    """The newest commit of a path; the list of all is not spoken."""
    if request.GET.get("sha", BRANCH) != BRANCH:
        raise Refusal(404, "Not Found")
    newest = _repository.newest(request.GET.get("path", ""))
    listed = [] if newest is None else [_told(newest)]
    return JsonResponse([{**told, "commit": told} for told in listed], safe=False)


@guarded
def tree(request: HttpRequest, ref: str) -> HttpResponse:
    """All of a state; without `recursive` only what lies at the top of it."""
    if (state := _repository.at(ref)) is None:
        raise Refusal(404, "Not Found")
    sha, files = state
    entries = [_entry(name, "100644", "blob", blob_sha(content)) for name, content in files.items()]
    entries += [_entry(folder, "040000", "tree", "7" * 40) for folder in sorted(_folders(files))]
    entries += [_entry(LINK, SYMLINK, "blob", blob_sha(LINK_TARGET)), _entry(MODULE, "160000", "commit", MODULE_COMMIT)]
    shown = [entry for entry in entries if "recursive" in request.GET or "/" not in entry["path"]]
    return JsonResponse({"sha": sha, "tree": sorted(shown, key=lambda entry: entry["path"]), "truncated": False})


def _folders(files: dict[str, bytes]) -> set[str]:
    parts = (name.split("/")[:-1] for name in files)
    return {"/".join(each[:depth]) for each in parts for depth in range(1, len(each) + 1)}


def _entry(name: str, mode: str, kind: str, sha: str) -> dict[str, str]:
    return {"path": name, "mode": mode, "type": kind, "sha": sha}


@guarded
def blob(request: HttpRequest, sha: str) -> HttpResponse:
    """The bytes of one sha."""
    if not SHA.fullmatch(sha):
        raise Refusal(422, "The sha parameter must be exactly 40 characters and contain only [0-9a-f].")
    if (content := _repository.blobs.get(sha)) is None:
        raise Refusal(404, "Not Found")
    encoded = base64.encodebytes(content).decode()
    return JsonResponse({"sha": sha, "size": len(content), "content": encoded, "encoding": "base64"})


BASE = "repos/<str:owner>/<str:name>"
urlpatterns = [
    path("rate_limit", rate_limit),
    path(BASE, repository),
    path(f"{BASE}/branches", branches),
    path(f"{BASE}/contents/<path:where>", contents),
    path(f"{BASE}/commits", commits),
    path(f"{BASE}/git/trees/<path:ref>", tree),
    path(f"{BASE}/git/blobs/<str:sha>", blob),
]
