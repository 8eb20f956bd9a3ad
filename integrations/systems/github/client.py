"""GitHub's REST API: the rate limit, and the files of one repository."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from integrations.systems.base import Options
from integrations.systems.github import contents
from integrations.systems.github.commits import Change, Writing, author_of, changed_since
from integrations.systems.github.contents import Author, Commit, File, Tree
from integrations.transport.cache import DAY_S, Cache
from integrations.transport.codes import Code
from integrations.transport.errors import CallError, Truncated
from integrations.transport.http import Transport
from integrations.transport.pagination import walk
from integrations.transport.pointers import LinkHeader
from integrations.transport.styles import Ask, Listed

RAW = {"Accept": "application/vnd.github.raw+json"}
FOR_EVER = Cache(ttl_s=365 * DAY_S)  # what a sha names never changes
NO_LIMITS = "Rate limiting is not enabled."  # the words of an Enterprise server with a 404


class Client:
    """One account of GitHub or of a GitHub Enterprise server."""

    def __init__(self, transport: Transport, options: Options) -> None:
        self._transport = transport
        self.options = options
        self._branch = str(options["branch"] or "")

    # https://docs.github.com/en/rest/rate-limit/rate-limit
    def check_health(self) -> str:
        """What is left of the rate limit; asking costs nothing of it and proves that the token is good."""
        repository = f" Repository: {self.options['repository']}." if self.options["repository"] else ""
        try:
            return f"{self._limit(self._transport.get_json('rate_limit', '/rate_limit'))}{repository}"
        except CallError as error:
            said = error.answer.json if error.status == 404 and error.answer else None
            if not isinstance(said, dict) or said.get("message") != NO_LIMITS:
                raise
            return f"This server limits no calls.{repository}"

    def _limit(self, answer: Any) -> str:
        try:
            core = answer["resources"]["core"]
            left, limit = int(core["remaining"]), int(core["limit"])
            reset = datetime.fromtimestamp(int(core["reset"]), UTC)
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise CallError(Code.BAD_ANSWER, "There is no rate limit at “resources.core” in the answer.") from error
        return f"{left:,} of {limit:,} calls left until {reset:%H:%M} UTC."

    # https://docs.github.com/en/rest/repos/contents#get-repository-content
    def get_file(self, path: str, ref: str = "") -> File:
        """A file of the repository, of up to 100 MB if the service allows answers as large.

        Args:
            ref: a branch, tag or commit; empty is the branch of the options.

        Raises:
            CallError: there is none (NOT_FOUND), or a folder, a link or a submodule.
        """
        found = self._describe("get_file", path, ref)
        if found.get("encoding") == "none":  # more than 1 MB
            content = contents.complete(self._raw(path, ref), contents.size_of(found))
        else:
            content = contents.bytes_in(found)
        return File(path, contents.sha_at("sha", found), content, len(content))

    def _describe(self, operation: str, path: str, ref: str = "") -> dict[str, Any]:
        answer = self._transport.get_json(operation, self._contents(path), self._at(ref))
        return contents.file_in(answer, path)

    def _raw(self, path: str, ref: str) -> bytes:
        where, params = self._contents(path), self._at(ref)
        return self._transport.request("get_file", "GET", where, params=params, headers=RAW, raw=True).body

    # https://docs.github.com/en/rest/repos/contents#create-or-update-file-contents
    def commit_file(
        self, path: str, content: bytes, message: str, author: Author | None = None, sha: str = ""
    ) -> Commit:
        """Create a file, or replace the one that has this sha; no commit is made where nothing would change.

        Args:
            author: the owner of the token, unless it is said.
            sha: of the file as the caller knows it; empty for a file that is new.

        Raises:
            CallError: somebody changed, created or deleted the file since (CONFLICT); it was refused.
        """
        by, after = author_of(author), contents.blob_sha(content)
        now = self._existing(path)
        before = contents.sha_at("sha", now) if now else ""
        if now and before == after:
            return Commit("", after, contents.text_at("html_url", now), changed=False)
        if before != sha:  # GitHub itself would create anew what somebody has deleted
            raise changed_since(path, before)
        encoded = base64.b64encode(content).decode()
        payload = {"message": message, "content": encoded, **self._branch_and(sha), **by}
        return self._writing().make(Change("PUT", "commit_file", path, payload, before, after))

    # https://docs.github.com/en/rest/repos/contents#delete-a-file
    def delete_file(self, path: str, sha: str, message: str) -> Commit:
        """Delete the file that has this sha.

        Raises:
            CallError: there never was such a file (NOT_FOUND); somebody changed it since (CONFLICT).
        """
        payload = {"message": message, **self._branch_and(sha)}
        return self._writing().make(Change("DELETE", "delete_file", path, payload, sha, ""))

    def _writing(self) -> Writing:
        return Writing(self._send, self._blob_at, self._newest)

    def _send(self, change: Change) -> Any:
        where = self._contents(change.path)
        return self._transport.request(change.operation, change.method, where, payload=change.payload).data

    def _blob_at(self, path: str) -> str:
        now = self._existing(path)
        return contents.sha_at("sha", now) if now else ""

    def _existing(self, path: str) -> dict[str, Any] | None:
        """What is said of the file, None where there is nothing at the path."""
        try:
            return self._describe("look_at_file", path)
        except CallError as error:
            if error.status == 404:
                return None
            raise

    # https://docs.github.com/en/rest/commits/commits#list-commits
    def _newest(self, path: str) -> Any:
        params = {"path": path, "sha": self._branch or None, "per_page": 1}
        found = self._transport.get_json("newest_commit", f"{self._repository}/commits", params)
        if not isinstance(found, list):
            raise CallError(Code.BAD_ANSWER, "The answer is no list of commits.")
        return found[0] if found else None

    # https://docs.github.com/en/rest/repos/repos#get-a-repository
    def files_url(self) -> tuple[str, str]:
        """The branch that is read, and the address below which its files have their pages."""
        found = self._transport.get_json("get_repository", self._repository)
        branch = self._branch or contents.text_at("default_branch", found)
        return branch, f"{contents.text_at('html_url', found)}/blob/{contents.quoted(branch)}"

    # https://docs.github.com/en/rest/branches/branches#list-branches
    def list_branches(self) -> list[str]:
        """Names of the branches of the repository."""
        pages = walk(self._branches, LinkHeader(), {})
        return [contents.text_at("name", branch) for page in pages for branch in page.items]

    def _branches(self, ask: Ask) -> Listed:
        where, params = (ask.link, {}) if ask.link else (f"{self._repository}/branches", {"per_page": 100})
        answer = self._transport.request("list_branches", "GET", where, params=params)
        if not isinstance(answer.data, list):
            raise CallError(Code.BAD_ANSWER, "The answer is no list of branches.")
        return Listed(answer.data, headers=answer.headers, url=answer.url)

    # https://docs.github.com/en/rest/git/trees#get-a-tree
    def list_files(self, ref: str) -> Tree:
        """All files at a branch, a commit or the sha of a tree.

        Raises:
            Truncated: there are more than GitHub lists (100,000 entries, or 7 MB).
        """
        where = f"{self._repository}/git/trees/{quote(ref, safe='', errors='replace')}"
        answer = self._transport.get_json("list_files", where, {"recursive": 1})
        sha, entries = contents.sha_at("sha", answer), contents.files_of(answer)
        if answer.get("truncated") is True:
            message = "The repository has more files than GitHub lists at once."
            raise Truncated(message, declared=None, came=len(entries), position={})
        if answer.get("truncated") is not False:
            raise CallError(Code.BAD_ANSWER, "The answer does not say whether the list is complete.")
        return Tree(sha, entries)

    # https://docs.github.com/en/rest/git/blobs#get-a-blob
    def read_blob(self, sha: str) -> bytes:
        """The bytes that have this sha; kept, so that they are asked for once."""
        where = f"{self._repository}/git/blobs/{sha}"
        return contents.bytes_in(self._transport.get_json("read_blob", where, cache=FOR_EVER))

    @property
    def _repository(self) -> str:
        return contents.repository_path(str(self.options["repository"] or ""))

    def _contents(self, path: str) -> str:
        return f"{self._repository}/contents/{contents.quoted(path)}"

    def _at(self, ref: str) -> Mapping[str, Any]:
        return {"ref": ref or self._branch or None}

    def _branch_and(self, sha: str) -> dict[str, str]:
        said = {"branch": self._branch, "sha": sha}
        return {name: value for name, value in said.items() if value}
