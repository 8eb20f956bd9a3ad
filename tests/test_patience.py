"""What is looked for too long is given up, and the connection serves the next who asks."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import OperationalError, ProgrammingError, connection

from integrations import patience

ENDLESS = {
    "postgresql": "SELECT pg_sleep(600)",
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
}

pytestmark = pytest.mark.django_db


def ask(statement: str) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        found: tuple[Any, ...] = cursor.fetchone()
        return found


def test_an_endless_statement_is_given_up_and_the_connection_goes_on() -> None:
    with pytest.raises(patience.TookTooLong), patience.at_most(0.05):
        ask(ENDLESS[connection.vendor])
    assert ask("SELECT 1") == (1,)


def test_what_is_found_in_time_is_found() -> None:
    with patience.at_most(60):
        assert ask("SELECT 1") == (1,)


def test_other_errors_are_told_as_they_are() -> None:
    kinds = OperationalError, ProgrammingError
    with pytest.raises(kinds, match=r"no such table|does not exist"), patience.at_most(60):
        ask("SELECT 1 FROM nowhere")


@pytest.mark.django_db(transaction=True)
def test_afterwards_nothing_is_limited() -> None:
    with pytest.raises(patience.TookTooLong), patience.at_most(0.05):
        ask(ENDLESS[connection.vendor])
    if connection.vendor == "postgresql":
        assert ask("SELECT current_setting('statement_timeout')") == ("0",)
    else:
        long = ENDLESS["sqlite"].replace("FROM n)", "FROM n WHERE i < 500000)")
        assert ask(long) == (500000,)
