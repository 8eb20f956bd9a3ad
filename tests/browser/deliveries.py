"""Deliveries as GitHub sends them."""

from __future__ import annotations

import hashlib
import hmac
import json
import uuid
from urllib.request import Request, urlopen


def deliver_push(url: str, secret: str, body: bytes) -> None:
    """POST a push, signed; no two are the same, since that would be a suspected replay."""
    body = json.dumps({**json.loads(body), "number": str(uuid.uuid4())}).encode()
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "GitHub-Hookshot/1a2b3c4",
        "X-GitHub-Event": "push",
        "X-GitHub-Delivery": str(uuid.uuid4()),
        "X-Hub-Signature-256": f"sha256={signature}",
    }
    with urlopen(Request(f"{url}/hooks/github/", body, headers)) as answer:
        assert answer.status == 200
