"""One write to a repository, and what became of it where GitHub's own answer does not say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from integrations.systems.github.contents import Author, Commit, sha_at, text_at
from integrations.transport.codes import Code
from integrations.transport.errors import CallError
from integrations.transport.retry import PERHAPS_DONE, retry_with_backoff

UNANSWERED = PERHAPS_DONE | {Code.BAD_ANSWER, Code.OUTCOME_UNKNOWN, Code.TOO_LARGE}
REFUSED = frozenset({404, 409, 422})  # which is also what a repeat of a write meets that was carried out


class BranchMoved(CallError):
    """GitHub refused a write although the file is as expected: others commit to the branch, or rules protect it."""


@dataclass(frozen=True)
class Change:
    """One write.

    Attributes:
        payload: what GitHub is sent, with the message of the commit.
        before, after: the sha of the file's blob; empty where there is no file.
    """

    method: str
    operation: str
    path: str
    payload: Mapping[str, Any]
    before: str
    after: str


@dataclass(frozen=True)
class Writing:
    """How a write is made.

    The transport repeats PUT and DELETE after an answer that got lost, and a repeat is refused where the first one
    was carried out: so after any failure the file is looked at.

    Attributes:
        send: makes the request; gives the parsed answer.
        blob_at: the sha of the file's blob as it is now, empty where there is none.
        newest: the newest commit that touched the path, as GitHub tells it; None where there never was one.
    """

    send: Callable[[Change], Any]
    blob_at: Callable[[str], str]
    newest: Callable[[str], Any]

    # Two writes to one branch at the same moment conflict, though they are of different files.
    @retry_with_backoff(max_retries=1, base_delay=0.2, exceptions=BranchMoved)
    def make(self, change: Change) -> Commit:
        """The commit.

        Raises:
            CallError: it was refused, or nobody can say whether it was made.
        """
        try:
            answer = self.send(change)
            return Commit(sha_at("commit.sha", answer), change.after, text_at("commit.html_url", answer), changed=True)
        except CallError as error:
            if error.code not in UNANSWERED and error.status not in REFUSED:
                raise
            return self._found(change, error)

    def _found(self, change: Change, error: CallError) -> Commit:
        """The commit, if the file is as it was to be."""
        now = self._look(change, error)
        if now == change.after:
            return self._made(change, error)
        if now != change.before:
            raise changed_since(change.path, now) from error
        if error.code is Code.CONFLICT:
            remark = "The file is as expected: others commit to the branch, or its rules forbid it."
            raise BranchMoved(Code.CONFLICT, f"{error} {remark}", error.answer) from error
        raise error

    def _look(self, change: Change, error: CallError) -> str:
        try:
            return self.blob_at(change.path)
        except CallError as unseen:
            message = f"{error} Whether it was carried out is unknown."
            raise CallError(Code.OUTCOME_UNKNOWN, message, error.answer) from unseen

    def _made(self, change: Change, error: CallError) -> Commit:
        commit = self.newest(change.path)
        if commit is None:
            raise error
        is_ours = text_at("commit.message", commit).strip() == change.payload["message"].strip()
        return Commit(sha_at("sha", commit), change.after, text_at("html_url", commit), changed=is_ours)


def changed_since(path: str, now: str) -> CallError:
    """Somebody else was there."""
    if now:
        return CallError(Code.CONFLICT, f"Somebody changed “{path}” since it was read.")
    return CallError(Code.CONFLICT, f"There is no “{path}” any more, or the account may no longer see it.")


def author_of(author: Author | None) -> dict[str, Any]:
    """What says who a commit is by.

    Raises:
        CallError: GitHub wants both, name and address.
    """
    if author is None:
        return {}
    if not author.name.strip() or not author.email.strip():
        raise CallError(Code.NOT_SENDABLE, "The author of a commit needs a name and an e-mail address.")
    return {"author": {"name": author.name, "email": author.email}}
