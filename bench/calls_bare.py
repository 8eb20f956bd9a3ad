"""The measure: the same request by a bare `requests.Session` as it comes, its JSON parsed, nothing recorded.

As it comes, it looks for proxies and passwords in the environment before every call, which takes it some
200 µs; the package's calls do the same. The console's transport is forbidden to, which is a part of its lead.
"""

from __future__ import annotations

from calls_worker import PARAMETERS, RESOURCE, TOKEN, Ask, serve
from requests import Session


def asking() -> Ask:
    """Asks as a program does that knows nothing of recording."""
    session = Session()
    session.headers["Authorization"] = f"Bearer {TOKEN}"
    return lambda url: session.get(f"{url}{RESOURCE}", params=PARAMETERS, timeout=(5, 20)).json()


if __name__ == "__main__":
    serve(asking())
