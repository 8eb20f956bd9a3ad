"""What staff are told of an answer, and what is suggested for the options."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jmespath
import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.systems import shapes
from integrations.systems.rest import SYSTEM
from integrations.systems.shapes import Finding
from integrations.systems.suggestions import shape_of
from integrations.transport.answer import Answer
from integrations.transport.redaction import BLANK

URL = "https://api.example/list"
STAMP = "2026-02-05T06:00:00Z"


def suggested(data: Any, **headers: str) -> Mapping[str, str]:
    return shape_of(Answer(200, headers, b"", data, URL), SYSTEM.defaults).suggestions


# As the vendors document their answers.
DOCUMENTED: dict[str, tuple[Any, dict[str, str]]] = {
    "Django REST framework": (
        {"count": 120, "next": f"{URL}?page=2", "previous": None, "results": [{"id": 1, "name": "A"}]},
        {"items_path": "results", "total_path": "count", "pagination": "next_url", "next_path": "next"},
    ),
    "Django REST framework, one page": (
        {"count": 1, "next": None, "previous": None, "results": [{"url": URL, "slug": "a"}]},
        {"items_path": "results", "pagination": "next_url", "next_path": "next"},
    ),
    "Spring Data": (
        {"content": [{"id": 1}], "page": {"size": 20, "number": 0, "totalElements": 100, "totalPages": 5}},
        {"items_path": "content", "total_path": "page.totalElements", "limit_name": "size", "page_size": "20"}
        | {"pagination": "page", "page_name": "page", "first_page": "0"},
    ),
    "Google": (
        {"nextPageToken": "~!!~AI9F", "files": [{"id": "1", "name": "n", "modifiedTime": STAMP}]},
        {"items_path": "files", "pagination": "cursor", "next_path": "nextPageToken", "cursor_name": "pageToken"}
        | {"modified_path": "modifiedTime", "title_path": "name"},
    ),
    "OData": (
        {"@odata.count": 30, "value": [{"Id": "1"}], "@odata.nextLink": f"{URL}?$skip=1"},
        {"items_path": "value", "total_path": '"@odata.count"', "pagination": "next_url"}
        | {"next_path": '"@odata.nextLink"', "id_path": "Id"},
    ),
    "JSON:API": (
        {
            "data": [{"type": "a", "id": "1", "attributes": {"title": "T", "updated-at": STAMP}}],
            "included": [{"id": "1"}, {"id": "2"}],
            "links": {"self": "/a", "next": "/a?page=2"},
            "meta": {"total": 4},
        },
        {"items_path": "data", "id_path": "id", "title_path": "attributes.title", "total_path": "meta.total"}
        | {"modified_path": 'attributes."updated-at"', "pagination": "next_url", "next_path": "links.next"},
    ),
    "HAL": (
        {"_embedded": {"orders": [{"id": 1}]}, "_links": {"next": {"href": "/orders?page=2"}}},
        {"items_path": "_embedded.orders", "pagination": "next_url", "next_path": "_links.next.href"},
    ),
    "Jira": (
        {"startAt": 0, "maxResults": 50, "total": 200, "issues": [{"id": "1", "fields": {"summary": "S"}}]},
        {"items_path": "issues", "total_path": "total", "limit_name": "maxResults", "page_size": "50"}
        | {"pagination": "offset", "offset_name": "startAt", "title_path": "fields.summary"},
    ),
    "Slack": (
        {"ok": True, "members": [{"id": "W1", "name": "glinda", "updated": 1_770_271_200}]}
        | {"response_metadata": {"next_cursor": "dXNlcjpXMDc="}},
        {"items_path": "members", "pagination": "cursor", "next_path": "response_metadata.next_cursor"}
        | {"cursor_name": "cursor", "modified_path": "updated"},
    ),
    "MediaWiki": (
        {"continue": {"apcontinue": "B", "continue": "-||"}, "query": {"allpages": [{"pageid": 1, "title": "A"}]}},
        {"items_path": "query.allpages", "id_path": "pageid", "title_path": "title"},
    ),
    "Ghost": (
        {
            "posts": [{"id": "1", "uuid": "u", "title": "T", "html": "<p>", "updated_at": STAMP}],
            "meta": {"pagination": {"page": 1, "limit": 15, "pages": 2, "total": 20, "next": 2, "prev": None}},
        },
        {"items_path": "posts", "id_path": "id", "body_path": "html", "pagination": "page", "first_page": "1"}
        | {"total_path": "meta.pagination.total", "limit_name": "limit", "page_size": "15"},
    ),
    "Salesforce": (
        {"totalSize": 3000, "done": False, "nextRecordsUrl": "/services/data/q/01g-2000", "records": [{"Id": "003"}]},
        {"items_path": "records", "id_path": "Id", "total_path": "totalSize", "next_path": "nextRecordsUrl"},
    ),
    "a list that is whole": (
        {"total": 1, "items": [{"uuid": "u", "label": "L"}]},
        {"pagination": "none", "id_path": "uuid", "title_path": "label", "total_path": "total"},
    ),
}


@pytest.mark.parametrize("vendor", DOCUMENTED)
def test_documented_answers_are_understood(vendor: str) -> None:
    data, expected = DOCUMENTED[vendor]
    assert suggested(data).items() >= expected.items()


def test_a_link_header_is_how_the_list_is_cut() -> None:
    posts = [
        {"id": 7, "modified": "2026-02-05T07:00:00", "modified_gmt": "2026-02-05T06:00:00", "title": {"rendered": "T"}}
    ]
    assert suggested(posts, Link=f'<{URL}?page=2>; rel="next"') == {
        "items_path": "@",
        "id_path": "id",
        "title_path": "title.rendered",
        "modified_path": "modified_gmt",
        "pagination": "link",
    }


def test_a_link_to_elsewhere_is_not_suggested() -> None:
    assert "pagination" not in suggested([{"id": 1}], Link='<https://evil.example/2>; rel="next"')


def test_an_id_must_tell_items_apart() -> None:
    assert suggested([{"id": 1, "row_id": "a"}, {"id": 1, "row_id": "b"}])["id_path"] == "row_id"
    assert "id_path" not in suggested([{"id": 1}, {"id": None}])


def test_a_count_of_what_came_is_no_total() -> None:
    assert "total_path" not in suggested({"count": 2, "items": [{"id": 1}, {"id": 2}]})


def test_lists_have_their_length_and_fields_their_kind_and_an_example() -> None:
    data = {
        "total": 2,
        "items": [{"id": 5, "at": STAMP, "ok": True, "tags": ["a", "b"], "x": None, "deep": {"n": 1.5}}, 7],
    }
    assert shape_of(Answer(200, data=data, url=URL), SYSTEM.defaults).findings == [
        Finding("total", "whole number", "2"),
        Finding("items", "list of 2 values"),
        Finding("id", "whole number, in each item", "5"),
        Finding("at", "moment, in each item", STAMP),
        Finding("ok", "yes or no, in each item", "true"),
        Finding("tags", "list of 2 texts, in each item"),
        Finding("x", "nothing, in each item"),
        Finding("deep.n", "number, in each item", "1.5"),
    ]


@pytest.mark.parametrize(
    "item",
    [
        {"api_token": "s3cret-value"},
        {"credentials": {"user": "s3cret-value"}},
        {"callback": "https://ann:s3cret-value@example.org/"},
        {"note": "x" * 50 + " Authorization: Bearer s3cret-value-0123456789"},
        {"link": "https://example.org/?api_key=s3cret-value"},
        {"password": ["s3cret-value"], "client_secret": "s3cret-value"},
    ],
)
def test_no_example_gives_a_secret_away(item: Any) -> None:
    found = shape_of(Answer(200, data=[{"id": 1, **item}], url=URL), SYSTEM.defaults)
    assert "s3cret" not in str(found)
    assert BLANK in str(found)


def test_long_examples_are_cut() -> None:
    (found,) = shape_of(Answer(200, data={"a": "x" * 5000}, url=URL), SYSTEM.defaults).findings
    assert found.example == "x" * 60 + "…"


@pytest.mark.parametrize(
    "data",
    [5, "x", True, [], {}, [[]], [1, 2], [None], {"a": []}, {"": {"": 1}}, {"a": {"b": {"c": {}}}}, [[[{"id": 1}]]]],
)
def test_answers_without_a_list_of_things_are_told_too(data: Any) -> None:
    assert shape_of(Answer(200, data=data, url=URL), SYSTEM.defaults).findings


def test_a_huge_answer_is_told_in_a_few_findings() -> None:
    data = {f"n{number}": {f"m{inner}": inner for inner in range(50)} for number in range(2000)}
    items = [{f"f{number}": number for number in range(5000)}] * 2000
    found = shape_of(Answer(200, data={**data, "list": items, "x" * 500: 1}, url=URL), SYSTEM.defaults)
    assert len(found.findings) <= 2 * shapes.MOST_VALUES
    assert max(len(each.path) for each in found.findings) < 1000


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=20,
)


@given(JSON)
def test_every_path_leads_to_what_it_was_found_at(data: Any) -> None:
    for seen in shapes.look(data):
        assert jmespath.search(seen.path, data) is seen.value


@given(JSON)
def test_every_suggestion_fits_its_option(data: Any) -> None:
    if data is None:
        return
    for name, value in suggested(data).items():
        option = next(each for each in SYSTEM.options if each.name == name)
        if option.kind == "integer":
            assert value.isdecimal()
        elif option.kind == "choice":
            assert value in dict(option.choices)
        elif option.kind == "json_path":
            jmespath.compile(value)
