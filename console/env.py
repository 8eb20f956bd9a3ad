"""Every environment variable the console reads: its type, its bounds, its default.

`.env` in the project's folder is read first and never overrides the real environment.
A malformed value stops the start with one sentence a variable (`ConfigurationError`). Of CREDENTIAL_KEYS too: a key
with a typing error would be noticed one secret at a time, and only by what fails. Without any key the console starts
and says what it cannot read, so that it can still be looked at while a lost key is searched for.
Each variable is explained in `.env.example`.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, replace
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

from django.core.exceptions import ImproperlyConfigured
from environs import Env, EnvValidationError, ValidationError, validate

BASE_DIR = Path(__file__).resolve().parent.parent
DATABASE_SCHEMES = ("sqlite", "postgres", "postgresql")
FERNET_KEY_BYTES = 32


class ConfigurationError(ImproperlyConfigured):
    """The environment does not describe a console that can start; the text says what to mend."""


@dataclass(frozen=True)
class MailServer:
    """Where e-mails are handed over; no host where there is none."""

    host: str
    port: int
    user: str
    password: str
    starts_tls: bool
    is_tls: bool


@dataclass(frozen=True)
class Environment:
    """What the environment says, checked: the only thing `settings.py` reads."""

    secret_key: str
    credential_keys: tuple[str, ...]
    credential_files: Path
    legacy_files: Path
    debug: bool
    https: bool
    allowed_hosts: tuple[str, ...]
    database: dict[str, Any]
    redis_url: str
    data_dir: Path
    time_zone: str
    environment: str
    health_token: str
    workers: int
    largest_upload_mb: int
    web_port: int
    sandbox_port: int
    admin_password: str
    log_level: str
    untrusted_networks: tuple[IPv4Network | IPv6Network, ...]
    untrusted_ports: tuple[int, ...]
    console_url: str
    mail_server: MailServer
    email_from: str
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...]
    names: frozenset[str] = frozenset()  # of every variable that is read here


def _long_enough(value: str) -> None:
    if len(value) < 50 or len(set(value)) < 5:
        raise ValidationError("must be 50 or more random characters; `make setup` writes one into .env.")


def _fernet_keys(values: list[str]) -> None:
    for value in values:
        try:
            size = len(base64.urlsafe_b64decode(value))
        except (binascii.Error, ValueError):
            size = 0
        if size != FERNET_KEY_BYTES:
            raise ValidationError(
                "must be Fernet keys (32 bytes, url-safe base64), newest first, with commas between them."
            )


def _url_of(*schemes: str) -> Any:
    def check(value: str) -> None:
        try:
            scheme = urlsplit(value).scheme
        except ValueError:
            scheme = ""
        if value and scheme not in schemes:
            raise ValidationError(f"must be a URL that starts with {' or '.join(f'{s}://' for s in schemes)}.")

    return check


def _mail_server(value: str) -> None:
    _url_of("smtp", "smtp+tls", "smtps")(value)
    try:
        whole = not value or (urlsplit(value).hostname and urlsplit(value).port != 0)
    except ValueError:
        whole = False
    if not whole:
        raise ValidationError("must name a mail server, such as smtp+tls://user:password@mail.example.org:587.")


def _hosts(values: list[str]) -> None:
    if any(not value.strip() or set(value) & set("/@ ") for value in values):
        raise ValidationError("must be host names without https:// and without a path, with commas between them.")


def _networks(values: list[str]) -> None:
    for value in values:
        try:
            ip_network(value)
        except ValueError as error:
            raise ValidationError("must be networks such as 10.20.0.0/16, with commas between them.") from error


def _ports(values: list[str]) -> None:
    if not all(value.isascii() and value.isdigit() and 1 <= int(value) <= 65535 for value in values):
        raise ValidationError("must be whole numbers from 1 to 65535, with commas between them.")


def _folder(value: Path) -> None:
    if value.exists() and not value.is_dir():
        raise ValidationError("must be a folder.")


def _absolute_folder(value: Path) -> None:
    _folder(value)
    if not value.is_absolute():
        raise ValidationError("must be a folder, written from / on.")


def _known_zone(value: str) -> None:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError) as error:
        raise ValidationError("must be a time zone name such as Europe/Berlin.") from error


def _one_of(*choices: str) -> Any:
    def check(value: str) -> None:
        if value not in choices:
            raise ValidationError(f"must be one of {', '.join(choices)}.")

    return check


def _between(low: int, high: int) -> Any:
    def check(value: int) -> None:
        if not low <= value <= high:
            raise ValidationError(f"must be a whole number from {low} to {high}.")

    return check


def _database(env: Env, data_dir: Path) -> dict[str, Any]:
    default = f"sqlite:///{data_dir / 'console.sqlite3'}"
    env.str("DATABASE_URL", default, validate=_url_of(*DATABASE_SCHEMES))
    parsed: dict[str, Any] | None = env.dj_db_url("DATABASE_URL", default)
    return parsed or {}


def _mail(env: Env) -> MailServer:
    parts = urlsplit(env.str("EMAIL_URL", "", validate=_mail_server) or "")
    return MailServer(
        host=parts.hostname or "",
        port=parts.port or {"smtps": 465, "smtp+tls": 587}.get(parts.scheme, 25),
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        starts_tls=parts.scheme == "smtp+tls",
        is_tls=parts.scheme == "smtps",
    )


def read() -> Environment:
    """The checked environment.

    Raises:
        ConfigurationError: one line for each variable that is missing or malformed.
    """
    env = Env(eager=False)
    env.read_env(str(BASE_DIR / ".env"), recurse=False, override=False)
    data_dir = env.path("DATA_DIR", BASE_DIR / "var", validate=_folder) or BASE_DIR
    result = Environment(
        secret_key=env.str("SECRET_KEY", validate=_long_enough),
        credential_keys=tuple(env.list("CREDENTIAL_KEYS", [], validate=_fernet_keys) or ()),
        credential_files=env.path("CREDENTIAL_FILES", Path("/run/secrets"), validate=_absolute_folder) or BASE_DIR,
        legacy_files=env.path("LEGACY_FILES", data_dir.absolute() / "legacy", validate=_absolute_folder) or BASE_DIR,
        debug=env.bool("DEBUG", False),
        https=env.bool("HTTPS", True),
        allowed_hosts=tuple(env.list("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"], validate=_hosts) or ()),
        database=_database(env, data_dir),
        redis_url=env.str("REDIS_URL", "", validate=_url_of("redis", "rediss", "unix")),
        data_dir=data_dir,
        time_zone=env.str("TIME_ZONE", "UTC", validate=_known_zone),
        environment=env.str("ENVIRONMENT", "production", validate=_one_of("production", "staging", "development")),
        health_token=env.str("HEALTH_TOKEN", ""),
        workers=env.int("WORKERS", 2, validate=_between(1, 64)),
        largest_upload_mb=env.int("LARGEST_UPLOAD_MB", 10, validate=_between(1, 100)),
        web_port=env.int("WEB_PORT", 8000, validate=_between(1, 65535)),
        sandbox_port=env.int("SANDBOX_PORT", 8001, validate=_between(1, 65535)),
        admin_password=env.str("CONSOLE_ADMIN_PASSWORD", ""),
        log_level=env.str("LOG_LEVEL", "INFO", validate=_one_of("DEBUG", "INFO", "WARNING", "ERROR")),
        untrusted_networks=tuple(map(ip_network, env.list("UNTRUSTED_NETWORKS", [], validate=_networks) or ())),
        untrusted_ports=tuple(map(int, env.list("UNTRUSTED_PORTS", [], validate=_ports) or ())),
        console_url=(env.str("CONSOLE_URL", "", validate=_url_of("https", "http")) or "").rstrip("/"),
        mail_server=_mail(env),
        email_from=env.str(
            "EMAIL_FROM", "console@localhost", validate=validate.Email(error="must be an e-mail address.")
        ),
        trusted_proxies=tuple(map(ip_network, env.list("TRUSTED_PROXIES", [], validate=_networks) or ())),
    )
    _seal(env)
    return replace(result, names=frozenset(env.dump()))


def _seal(env: Env) -> None:
    try:
        env.seal()
    except EnvValidationError as error:
        messages: dict[str, list[str]] = dict(error.error_messages)  # type: ignore[arg-type]
        lines = [f"{name}: {' '.join(dict.fromkeys(found))}" for name, found in sorted(messages.items())]
        raise ConfigurationError("The environment cannot be used.\n  " + "\n  ".join(lines)) from error
