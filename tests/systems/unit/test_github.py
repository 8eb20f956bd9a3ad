"""GitHub's client alone, by the examples of its documentation."""

from __future__ import annotations

import base64

import pytest

from integrations.systems.github.contents import Author, Commit, Entry, File, Tree, blob_sha
from integrations.transport.codes import Code
from tests.systems.unit.alone import Alone, Case, Turn

GITHUB = Alone("github", "https://api.github.com", {"repository": "octocat/Hello-World"})
SIGNED = {
    "Accept": "application/vnd.github+json",
    "Authorization": "Bearer secret",
    "X-GitHub-Api-Version": "2022-11-28",
}
REPO = "/repos/octocat/Hello-World"
TEXT, SHA, COMMIT = b"Hello\n", "3d21ec53a331a6f037a91c368710b99387d012c1", "7638417db6d59f3c431d3e1f261cc637155684cd"
PAGE = "https://github.com/octocat/Hello-World"
FILE = {"type": "file", "sha": SHA, "size": 6, "encoding": "base64", "content": "SGVs\nbG8K\n", "html_url": PAGE}
ENTRY = {"path": "a.md", "mode": "100644", "type": "blob", "sha": SHA}
MADE = {"content": FILE, "commit": {"sha": COMMIT, "html_url": f"{PAGE}/commit/{COMMIT}"}}
SENT = {
    "message": "Begin",
    "content": base64.b64encode(TEXT).decode(),
    "branch": "drafts",
    "author": {"name": "Ada", "email": "ada@example.org"},
}
CORE = {"resources": {"core": {"limit": 5000, "remaining": 4999, "reset": 1691591363, "used": 1}}}
NOT_FOUND = {"message": "Not Found", "documentation_url": "https://docs.github.com/rest", "status": "404"}


@pytest.mark.parametrize(
    "case",
    [
        Case(
            "check_health",
            lambda client: client.check_health(),
            (Turn("GET", "/rate_limit", CORE, headers=SIGNED),),
            "4,999 of 5,000 calls left until 14:29 UTC. Repository: octocat/Hello-World.",
        ),
        Case(
            "get_file",
            lambda client: client.get_file("a b.md", "v1"),
            (Turn("GET", f"{REPO}/contents/a%20b.md", FILE, query={"ref": "v1"}, headers=SIGNED),),
            File("a b.md", SHA, TEXT, 6),
        ),
        Case(
            "commit_file",
            lambda client: client.commit_file("a.md", TEXT, "Begin", Author("Ada", "ada@example.org")),
            (
                Turn("GET", f"{REPO}/contents/a.md", NOT_FOUND, 404, query={"ref": "drafts"}, headers=SIGNED),
                Turn("PUT", f"{REPO}/contents/a.md", MADE, 201, sent=SENT, headers=SIGNED),
            ),
            Commit(COMMIT, blob_sha(TEXT), f"{PAGE}/commit/{COMMIT}", changed=True),
            {"branch": "drafts"},
        ),
        Case(
            "delete_file",
            lambda client: client.delete_file("a.md", SHA, "End"),
            (
                Turn(
                    "DELETE",
                    f"{REPO}/contents/a.md",
                    {**MADE, "content": None},
                    sent={"message": "End", "sha": SHA},
                    headers=SIGNED,
                ),
            ),
            Commit(COMMIT, "", f"{PAGE}/commit/{COMMIT}", changed=True),
        ),
        Case(
            "list_files",
            lambda client: client.list_files("main"),
            (
                Turn(
                    "GET",
                    f"{REPO}/git/trees/main",
                    {"sha": SHA, "tree": [ENTRY], "truncated": False},
                    query={"recursive": 1},
                ),
            ),
            Tree(SHA, [Entry("a.md", SHA)]),
        ),
        Case(
            "read_blob",
            lambda client: client.read_blob(SHA),
            (Turn("GET", f"{REPO}/git/blobs/{SHA}", FILE, headers=SIGNED),),
            TEXT,
        ),
        Case(
            "files_url",
            lambda client: client.files_url(),
            (Turn("GET", REPO, {"default_branch": "main", "html_url": PAGE}, headers=SIGNED),),
            ("main", f"{PAGE}/blob/main"),
        ),
    ],
    ids=str,
)
def test_an_operation_asks_and_reads_as_documented(case: Case) -> None:
    assert GITHUB.outcome(case) == case.result


@pytest.mark.parametrize(
    ("status", "message", "code"),
    [
        (401, "Bad credentials", Code.AUTH_FAILED),
        (403, "Resource not accessible by personal access token", Code.FORBIDDEN),
        (404, "Not Found", Code.NOT_FOUND),
        (409, "Git Repository is empty.", Code.CONFLICT),
        (422, "Validation Failed", Code.HTTP_ERROR),
        (503, "Service unavailable", Code.SERVER_ERROR),
    ],
)
def test_what_github_refuses_has_one_of_our_codes_and_its_words(status: int, message: str, code: Code) -> None:
    turn = Turn("GET", f"{REPO}/contents/a.md", {"message": message}, status)
    error = GITHUB.refused(lambda client: client.get_file("a.md"), turn)
    assert (error.code, str(error)) == (code, f"It answered {status}: {message.rstrip('.')}.")
