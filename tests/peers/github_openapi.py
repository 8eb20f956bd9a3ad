"""Bring up a mock of GitHub on loopback that judges every request by GitHub's published OpenAPI description.

    python -m tests.peers.github_openapi --port 4010 [--home DIR]

Run it in the project's folder. It says “Prism is listening on http://127.0.0.1:4010” once it does, and then serves until
SIGTERM or SIGINT. It needs Node 18.20 or newer with npm: the first start installs the description and Stoplight's Prism,
in pinned versions, into the home folder, outside the project, and cuts the description to the paths our client speaks
to, since all 811 take Prism over a minute to read. Answers are the description's examples; what does not fit it, in
the request or in the example, is in their header sl-violations. Exit codes: as of `wagtail_peer`.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn

from tests.peers.wagtail_peer import (
    HOST,
    NOT_INSTALLED,
    Refusal,
    alone_in,
    clean_environment,
    number_from,
    require_port,
    say,
    stop,
    succeeds,
)

PINS = ("@octokit/openapi@23.0.2", "@stoplight/prism-cli@5.14.2")
DESCRIPTION = "node_modules/@octokit/openapi/generated/api.github.com.json"
CUT = "description.json"
REPO = "/repos/{owner}/{repo}"
PATHS = (
    "/rate_limit",
    REPO,
    f"{REPO}/commits",
    f"{REPO}/contents/{{path}}",
    f"{REPO}/git/blobs/{{file_sha}}",
    f"{REPO}/git/trees/{{tree_sha}}",
)


def default_home() -> Path:
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "console-peers" / "github-openapi"


def install(home: Path) -> None:
    """Prism, and the part of the description that is used, in exactly these versions."""
    stamp, npm, recipe = home / "installed.txt", shutil.which("npm"), " ".join((*PINS, *PATHS))
    if stamp.exists() and stamp.read_text() == recipe:
        return
    if npm is None:
        raise Refusal("There is no npm on this machine: install Node.", NOT_INSTALLED)
    say("Installing GitHub's OpenAPI description and Prism, once ...")
    (home / "package.json").write_text('{"private": true}')
    shutil.rmtree(home / "node_modules", ignore_errors=True)
    log = home / "install.log"
    command: list[str | Path] = [npm, "install", "--prefix", home, "--no-audit", "--no-fund", *PINS]
    if not succeeds(command, log, clean_environment()):
        raise Refusal(f"npm could not get the packages from a registry (see {log}).", NOT_INSTALLED)
    (home / CUT).write_text(json.dumps(cut(json.loads((home / DESCRIPTION).read_text()))))
    shutil.rmtree((home / DESCRIPTION).parent)  # nearly 400 MB
    # Written last: an installation that was cut short has no stamp and is redone.
    stamp.write_text(recipe)


def cut(description: Mapping[str, Any]) -> dict[str, Any]:
    """These paths alone, and what they refer to."""
    paths = {path: description["paths"][path] for path in PATHS}
    components: dict[str, dict[str, Any]] = {}
    for kind, name in _referred(paths, description["components"], set()):
        components.setdefault(kind, {})[name] = description["components"][kind][name]
    return {"openapi": description["openapi"], "info": description["info"], "paths": paths, "components": components}


def _referred(node: Any, components: Any, seen: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Kind and name of every component that is referred to, from here or from one of those."""
    for text in _references(node):
        kind, name = text.removeprefix("#/components/").split("/", 1)
        if (kind, name) not in seen:
            seen.add((kind, name))
            _referred(components[kind][name], components, seen)
    return seen


def _references(node: Any) -> Iterator[str]:
    inside = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in inside:
        if key == "$ref" and isinstance(value, str):
            yield value
        else:
            yield from _references(value)


def serve(options: argparse.Namespace) -> NoReturn:
    require_port(options.port)
    home = options.home.expanduser().absolute()
    with alone_in(home):
        install(home)
    prism = home / "node_modules" / ".bin" / "prism"
    arguments = ["mock", "--host", HOST, "--port", str(options.port), str(home / CUT)]
    # In place of this process, not below it: whatever ends the one ends the other.
    os.execve(prism, [str(prism), *arguments], clean_environment())


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description="GitHub's OpenAPI description, as a mock that judges requests.")
    parser.add_argument("--port", type=number_from(1, 65535), required=True)
    parser.add_argument("--home", type=Path, default=default_home())
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    try:
        serve(parser.parse_args(arguments))
    except Refusal as refusal:
        say(str(refusal))
        raise SystemExit(refusal.code) from None


if __name__ == "__main__":
    main(sys.argv[1:])
