"""The CMS client alone, by the examples of Wagtail's documentation."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.transport.codes import Code
from tests.systems.unit.alone import Alone, Case, Turn

CMS = Alone("cms", "https://cms.example.org", {"query": "type=blog.BlogPage&fields=body", "page_size": 2})
LIST = "/api/v2/pages/"
TYPE = {"type": "blog.BlogPage", "fields": "body"}
SIGNED = {"Authorization": "Bearer secret"}


def listing(total: int, *ids: int) -> dict[str, Any]:
    return {"meta": {"total_count": total}, "items": [{"id": each, "title": f"Title {each}"} for each in ids]}


CASES = [
    Case(
        "check_health",
        lambda client: client.check_health(),
        (Turn("GET", LIST, listing(1234, 1), query={**TYPE, "limit": 1, "offset": 0}, headers=SIGNED),),
        "1,234 articles.",
    ),
    Case(
        "list_all_articles",
        lambda client: [article.article_id for article in client.list_all_articles()],
        (
            Turn("GET", LIST, listing(3, 1, 2), query={**TYPE, "limit": 2, "offset": 0}, headers=SIGNED),
            # Each page begins with the last item of the one before, to notice what moved between the two.
            Turn("GET", LIST, listing(3, 2, 3), query={**TYPE, "limit": 2, "offset": 1}, headers=SIGNED),
        ),
        ["1", "2", "3"],
    ),
    Case(
        "list_all_articles, none",
        lambda client: list(client.list_all_articles()),
        (Turn("GET", LIST, listing(0), query={**TYPE, "limit": 2, "offset": 0}),),
        [],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_an_operation_asks_and_reads_as_documented(case: Case) -> None:
    assert CMS.outcome(case) == case.result


@pytest.mark.parametrize(
    ("status", "answer", "code"),
    [
        (400, {"message": "limit cannot be higher than 20"}, Code.HTTP_ERROR),
        (401, {"detail": "Invalid token."}, Code.AUTH_FAILED),
        (403, {"detail": "You may not."}, Code.FORBIDDEN),
        (404, {"detail": "Not found."}, Code.NOT_FOUND),
        (502, "Bad gateway", Code.SERVER_ERROR),
        (200, {"pages": []}, Code.BAD_ANSWER),
    ],
)
def test_what_is_refused_has_one_of_our_codes(status: int, answer: Any, code: Code) -> None:
    turn = Turn("GET", LIST, answer, status, query={**TYPE, "limit": 1, "offset": 0})
    assert CMS.refused(lambda client: client.check_health(), turn).code is code
