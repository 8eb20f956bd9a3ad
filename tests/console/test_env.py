"""Every environment variable: checked, explained, and obeyed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from console import env
from tests.commands import BASE, PROJECT, manage

EXAMPLE = (PROJECT / ".env.example").read_text()
READ = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', Path(env.__file__).read_text()))
ANY_TEXT = {"HEALTH_TOKEN", "CONSOLE_ADMIN_PASSWORD"}  # every text is a good value
MALFORMED = {
    "SECRET_KEY": ["", "short", "a" * 60],
    "CREDENTIAL_KEYS": ["abc", ",", "dGVzdHMtb25seS10ZXN0cy1vbmx5LXRlc3RzLW9ubHk=,abc"],
    "CREDENTIAL_FILES": ["", "secrets", "../secrets", __file__],
    "LEGACY_FILES": ["", "legacy", "../legacy", __file__],
    "DEBUG": ["maybe"],
    "HTTPS": ["", "maybe"],
    "ALLOWED_HOSTS": ["https://console.example.org", "console.example.org/admin", "a b"],
    "DATABASE_URL": ["", "junk", "mysql://localhost/x", "postgres://localhost:port/x", "postgres://[::1"],
    "REDIS_URL": ["junk", "http://localhost", "redis://[::1"],
    "DATA_DIR": [__file__],
    "TIME_ZONE": ["", "Nowhere", "../../etc/passwd", "Europe"],
    "ENVIRONMENT": ["prod"],
    "WORKERS": ["", "two", "0", "65", "1.5"],
    "LARGEST_UPLOAD_MB": ["", "ten", "0", "101", "1.5"],
    "LOG_LEVEL": ["loud"],
    "CONSOLE_URL": ["console.example.org", "ftp://console.example.org"],
    "EMAIL_URL": ["junk", "smtp://", "smtp://mail:port", "smtp://[::1", "https://mail.example.org"],
    "EMAIL_FROM": ["", "nobody"],
    "TRUSTED_PROXIES": ["10.0.0.1/8", "proxy", "10.0.0.0/33"],
    "UNTRUSTED_NETWORKS": ["10.0.0.1/8", "intranet", "10.0.0.0/33"],
    "UNTRUSTED_PORTS": ["0", "65536", "http", "8080,", "80 81"],
    **{name: ["0", "65536", "http"] for name in sorted(READ) if name.endswith("PORT")},
}


def test_every_variable_that_is_read_has_a_malformed_value_here() -> None:
    assert set(MALFORMED) | ANY_TEXT == READ


def refusal(name: str, value: str) -> str:
    """What is said when the console is started with this value."""
    with pytest.MonkeyPatch.context() as patch:
        for each in READ:
            patch.delenv(each, raising=False)
        for each, good in (BASE | {name: value}).items():
            patch.setenv(each, good)
        with pytest.raises(env.ConfigurationError) as error:
            env.read()
    return str(error.value)


@pytest.mark.parametrize(("name", "value"), [(name, value) for name in MALFORMED for value in MALFORMED[name]])
def test_a_malformed_value_is_refused_with_one_line_that_names_the_variable(name: str, value: str) -> None:
    first, line = refusal(name, value).splitlines()
    assert first == "The environment cannot be used."
    assert line.startswith(f"  {name}: ")
    assert line.endswith(".")


@pytest.mark.parametrize("name", sorted(MALFORMED))
def test_a_malformed_value_stops_the_start_without_a_traceback(name: str) -> None:
    done = manage("check", environment={name: MALFORMED[name][-1]})
    assert done.returncode != 0
    assert done.stderr.count(name) == 1
    assert ".env.example" in done.stderr
    assert "Traceback" not in done.stderr + done.stdout


def test_a_missing_key_stops_no_start() -> None:
    done = manage("check", environment={"CREDENTIAL_KEYS": ""})
    assert done.returncode == 0
    assert "No secret of any service can be read or stored." in done.stderr


def test_it_knows_the_names_of_its_own_variables() -> None:
    assert settings.OWN_VARIABLES == READ


def test_every_mistake_is_said_at_once() -> None:
    done = manage("check", environment={"WORKERS": "0", "DEBUG": "maybe", "SECRET_KEY": ""})
    assert re.findall(r"^  ([A-Z_]+):", done.stderr, re.MULTILINE) == ["DEBUG", "SECRET_KEY", "WORKERS"]


def test_the_example_names_exactly_what_is_read_each_with_an_explanation() -> None:
    lines = EXAMPLE.splitlines()
    named = {found[1]: number for number, line in enumerate(lines) if (found := re.match(r"#?([A-Z_]+)=", line))}
    assert set(named) == READ
    for name, number in named.items():
        assert re.match(r"# \S.*\.$", lines[number - 1]), f"{name} is not explained"


def shell(code: str, **environment: str) -> list[str]:
    """What the code prints in a console that starts with the two secrets and this environment."""
    done = manage("shell", "--verbosity", "0", "--command", code, environment=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


PRAGMAS = """
from django.db import connection
cursor = connection.cursor()
for name in ("journal_mode", "synchronous", "busy_timeout", "foreign_keys"):
    print(cursor.execute(f"PRAGMA {name}").fetchone()[0])
"""


def test_sqlite_runs_with_everything_that_keeps_what_was_acknowledged(tmp_path: Path) -> None:
    full = "2"
    assert shell(PRAGMAS, DATA_DIR=str(tmp_path)) == ["wal", full, "20000", "1"]
    assert (tmp_path / "console.sqlite3").exists()
    by_url = tmp_path / "other.sqlite3"
    assert shell(PRAGMAS, DATABASE_URL=f"sqlite:///{by_url}") == ["wal", full, "20000", "1"]
    assert by_url.exists()


@pytest.mark.skipif(connection.vendor != "sqlite", reason="the database of the tests is not SQLite")
@pytest.mark.django_db
def test_the_tests_run_on_the_same_sqlite() -> None:
    with connection.cursor() as cursor:
        assert cursor.execute("PRAGMA journal_mode").fetchone() == ("wal",)


DATABASE = """
from django.conf import settings
found = settings.DATABASES["default"]
print(found["ENGINE"], found["HOST"], found["PORT"], found["USER"], found["NAME"], found["CONN_MAX_AGE"])
print(settings.CACHES["default"]["BACKEND"], settings.CACHES["default"]["LOCATION"])
"""


def test_postgresql_and_redis_are_chosen_by_url() -> None:
    found = shell(DATABASE, DATABASE_URL="postgres://ops:word@db.example:5433/console", REDIS_URL="redis://cache/0")
    assert found[:6] == ["django.db.backends.postgresql", "db.example", "5433", "ops", "console", "60"]
    assert found[6:] == ["django.core.cache.backends.redis.RedisCache", "redis://cache/0"]
