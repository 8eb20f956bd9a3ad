"""Which addresses do nothing but count, and what comes before them."""

from __future__ import annotations

import pytest

from integrations.transport.counted import page_before


@pytest.mark.parametrize(
    ("link", "before"),
    [
        ("https://a.example/x?page=2", "https://a.example/x?page=1"),
        ("https://a.example/x?page=1", "https://a.example/x?page=0"),
        ("https://a.example/x?q=a,b&page=10&per_page=5", "https://a.example/x?q=a,b&page=9&per_page=5"),
        ("https://a.example/x?page%5Bnumber%5D=3", "https://a.example/x?page%5Bnumber%5D=2"),
        ("https://a.example/x?limit=20&offset=40", "https://a.example/x?limit=20&offset=20"),
        ("https://a.example/x?$skip=5&$top=5", "https://a.example/x?$skip=0&$top=5"),
        ("/x?pageNumber=7", "/x?pageNumber=6"),
    ],
)
def test_the_page_before_an_address_that_counts(link: str, before: str) -> None:
    assert page_before(link) == before


@pytest.mark.parametrize(
    "link",
    [
        "",
        "https://a.example/x",
        "https://a.example/x?page=0",
        "https://a.example/x?page=abc",
        "https://a.example/x?page=2b",
        "https://a.example/x?cursor=12",
        "https://a.example/x?since_id=12",
        "https://a.example/x?homepage=2",
        "https://a.example/x?offset=40",  # by how much nobody knows
        "https://a.example/x?offset=10&limit=20",
        "https://a.example/x?page=9999999999",  # rather a moment
        "https://a.example/page=2/x",
    ],
)
def test_no_page_is_before_an_address_that_does_not_count(link: str) -> None:
    assert page_before(link) == ""
