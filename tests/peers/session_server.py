"""Sessions as FileMaker's Data API has them: few at a time, each dies some minutes after its last use."""

from __future__ import annotations

import base64
import secrets
import time
from dataclasses import dataclass
from urllib.parse import unquote

from tests.peers.loopback import LIST, Loopback, Question, Told

OK, BAD_ACCOUNT, DEAD, TOO_MANY = "0", "212", "952", "956"


@dataclass
class Rules:
    database: str = "Fünf Türme"
    username: str = "console"
    password: str = "a password: with colon"
    life_s: float = 900.0
    most: int = 2
    delay_s: float = 0


class SessionServer(Loopback):
    def __init__(self, rules: Rules | None = None) -> None:
        super().__init__()
        self.rules = rules or Rules()
        self.sessions: dict[str, float] = {}
        self.bad_logins = 0
        self.logins = 0
        self.logouts = 0

    def kill_all(self) -> None:
        with self.lock:
            self.sessions.clear()

    def answer(self, question: Question) -> Told:
        parts = [unquote(part) for part in question.path.strip("/").split("/")]
        with self.lock:
            self.sessions = {token: dies for token, dies in self.sessions.items() if dies > time.time()}
            if parts == ["databases", self.rules.database, "sessions"] and question.method == "POST":
                return self._log_in(question)
            if parts[:3] == ["databases", self.rules.database, "sessions"] and question.method == "DELETE":
                return self._log_out(parts[3])
            return self._use(question)

    def _log_in(self, question: Question) -> Told:
        time.sleep(self.rules.delay_s)
        if question.headers.get("content-type") != "application/json" or question.body != b"{}":
            return _told(400, "10", "Requested data is missing")
        expected = base64.b64encode(f"{self.rules.username}:{self.rules.password}".encode()).decode()
        if question.headers.get("authorization") != f"Basic {expected}":
            self.bad_logins += 1
            return _told(401, BAD_ACCOUNT, "Invalid user account and/or password; please try again")
        if len(self.sessions) >= self.rules.most:
            return _told(500, TOO_MANY, "Maximum number of Data API sessions exceeded")
        self.logins += 1
        token = secrets.token_hex(28)
        self.sessions[token] = time.time() + self.rules.life_s
        return _told(200, OK, "OK", {"token": token}, {"X-FM-Data-Access-Token": token})

    def _log_out(self, token: str) -> Told:
        if self.sessions.pop(token, None) is None:
            return _told(401, DEAD, "Invalid FileMaker Data API token (*)")
        self.logouts += 1
        return _told(200, OK, "OK")

    def _use(self, question: Question) -> Told:
        scheme, _, token = question.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or token not in self.sessions:
            return _told(401, DEAD, "Invalid FileMaker Data API token (*)")
        self.sessions[token] = time.time() + self.rules.life_s
        return Told(200, {**LIST, "messages": [{"code": OK, "message": "OK"}]})


def _told(
    status: int, code: str, message: str, response: dict[str, str] | None = None, headers: dict[str, str] | None = None
) -> Told:
    return Told(status, {"response": response or {}, "messages": [{"code": code, "message": message}]}, headers or {})
