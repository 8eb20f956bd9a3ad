"""The repository of the sandbox: a dozen texts, kept in memory, with git's own ids for their bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import RLock

from integrations.systems.github.contents import blob_sha

NAME = "octo-org/essays"
BRANCH = "main"
SUBJECTS = (
    ("The lock keeper's ledger", "Ada Ferris"),
    ("What the ferry carried", "Ben Okafor"),
    ("A field guide to street lamps", "Ada Ferris"),
    ("Letters to a lighthouse", "Carla Nunes"),
    ("The orchard in February", "Ben Okafor"),
    ("On mending nets", "Dai Lin"),
    ("Three bridges, one river", "Carla Nunes"),
    ("The clock above the market", "Ada Ferris"),
    ("How the library moved", "Dai Lin"),
    ("Night trains, remembered", "Ben Okafor"),
    ("The map without a coast", "Carla Nunes"),
)
HEADED = """---
title: "{title}"
slug: {slug}
date: 2026-{month:02}-15 08:30:00 +0100
author: {author}  # as in the colophon
---

# {title}

Nobody had asked for part {month}, which is why it was written with such care.
"""
BARE = b"# A text without a head\n\nIts title is its first heading.\n"
LINK, MODULE = "essays/latest.md", "theme"  # a symbolic link that leads outside, and a submodule
LINK_TARGET = b"../../outside.md"
MODULE_COMMIT = "5" * 40


@dataclass(frozen=True)
class Recorded:
    """One commit."""

    sha: str
    message: str
    author: Mapping[str, str]
    path: str


@dataclass
class Repository:
    """One branch. Every verb takes the lock, so that of two writers one is told of the conflict."""

    files: dict[str, bytes] = field(default_factory=dict)
    commits: list[Recorded] = field(default_factory=list)
    trees: dict[str, dict[str, bytes]] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    lock: RLock = field(default_factory=RLock)

    def commit(self, path: str, content: bytes | None, message: str, author: Mapping[str, str]) -> Recorded:
        """Put the bytes there, or remove the file."""
        with self.lock:
            if content is None:
                del self.files[path]
            else:
                self.files[path] = content
                self.blobs[blob_sha(content)] = content
            named = f"{len(self.commits)} {message} {self.tree_sha}".encode()
            sha = hashlib.sha1(named, usedforsecurity=False).hexdigest()
            self.commits.append(Recorded(sha, message, author, path))
            self.trees[self.tree_sha] = self.trees[sha] = dict(self.files)
            return self.commits[-1]

    @property
    def tree_sha(self) -> str:
        """Of all files as they are now."""
        with self.lock:
            listed = "\n".join(f"{path} {blob_sha(content)}" for path, content in sorted(self.files.items()))
            return hashlib.sha1(listed.encode(), usedforsecurity=False).hexdigest()

    def at(self, ref: str) -> tuple[str, dict[str, bytes]] | None:
        """A state and its sha, by branch, commit or tree; None where there is none."""
        with self.lock:
            sha = self.tree_sha if ref in {"", "HEAD", BRANCH} else ref
            files = self.trees.get(sha)
            return None if files is None else (sha, dict(files))

    def newest(self, path: str) -> Recorded | None:
        """The last commit that touched the path."""
        with self.lock:
            return next((commit for commit in reversed(self.commits) if commit.path == path), None)


def made() -> Repository:
    """The repository as it is at the start of every sandbox."""
    repository, editors = Repository(), {"name": "The editors", "email": "editors@example.org"}
    repository.commit("README.md", b"# Essays\n\nTexts are in the folder essays.\n", "Begin", editors)
    for month, (title, author) in enumerate(SUBJECTS, start=1):
        slug = title.lower().replace("'", "").replace(",", "").replace(" ", "-")
        text = HEADED.format(title=title, slug=slug, month=month, author=author)
        repository.commit(f"essays/{month:02}-{slug}.md", text.encode(), f"Add {title}", editors)
    repository.commit("essays/notes/bare.md", BARE, "Add a note", editors)
    repository.commit("essays/notes/harbour.png", b"\x89PNG\r\n\x1a\n", "Add a picture", editors)
    return repository
