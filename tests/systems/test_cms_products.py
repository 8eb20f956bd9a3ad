"""Every product of the CMS: the same articles, read whole, from any page on, and since any moment."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from integrations import credentials, ops, tasks
from integrations.connections import client_for
from integrations.models import Call, Essay, HealthCheck, Service, SyncRun
from integrations.recorder import Cause
from integrations.systems.base import Gone, Item
from integrations.systems.cms.client import Client
from integrations.systems.cms.product import Filters
from integrations.systems.cms.sandbox_articles import ARTICLES, AUTHOR, KEY, article
from integrations.systems.cms.sandbox_mediawiki import RESTORED
from integrations.systems.cms.sandbox_wordpress import PASSWORD
from integrations.transport.codes import Code
from integrations.transport.errors import CallError
from tests.systems.cms import PRODUCTS, found, health, items, read, service_at
from tests.systems.contract import through_json

EACH = pytest.mark.parametrize("product", PRODUCTS)
SINCE = article(200).modified


@pytest.fixture
def service(db: None, sandbox_url: str, product: str) -> Service:
    return service_at(f"{sandbox_url}/cms", product)


@EACH
def test_every_article_is_read_once(service: Service, product: str) -> None:
    pages = read(service)
    all_of_it = items(pages)
    assert len({item.external_id for item in all_of_it}) == len(all_of_it) == ARTICLES
    assert {page.total for page in pages} == ({None} if product == "mediawiki" else {ARTICLES})
    assert {page.remark for page in pages} == {""}


@EACH
def test_an_article_has_what_its_product_knows_of_it(service: Service, product: str, sandbox_url: str) -> None:
    known, read_one = article(1), items(read(service))[0].fields
    assert known.title in read_one["title"]
    assert read_one["author"] == ("7" if product == "rest" else AUTHOR)
    assert read_one["slug"] == (known.title.replace(" ", "_") if product == "mediawiki" else known.slug)
    assert read_one["source_modified_at"] == known.modified
    assert read_one["published_at"] == (None if product == "mediawiki" else known.published)
    assert read_one["cover_url"].startswith(sandbox_url)
    assert known.body in read_one["body"] or product == "mediawiki"


@EACH
def test_reading_goes_on_from_any_page_with_exactly_the_rest(service: Service) -> None:
    service.options |= {"page_size": 20}
    pages = read(service)
    ids = [item.external_id for item in items(pages)]
    for number in (1, len(pages) - 2, len(pages)):
        rest = items(read(service, through_json(pages[number - 1].position)))
        came = sum(len(page.items) for page in pages[:number])
        assert [item.external_id for item in rest] == ids[came:]


@EACH
def test_since_a_moment_only_what_was_modified_then_or_later_is_read_in_that_order(
    service: Service, product: str
) -> None:
    service.options |= {"page_size": 20}
    position = {"since": SINCE.isoformat()}
    pages = read(service, position)
    stamps = [item.fields["source_modified_at"] for item in found(pages) if isinstance(item, Item)]
    restored = [RESTORED] if product == "mediawiki" else []  # read again whenever it was modified
    assert stamps == [article(number).modified for number in (*range(200, ARTICLES + 1), *restored)]
    assert all(page.position["since"] == position["since"] for page in pages)
    assert {page.total for page in pages} == {None}


@EACH
@pytest.mark.parametrize("number", [0, -2])
def test_reading_since_a_moment_goes_on_from_a_page_too(service: Service, number: int) -> None:
    service.options |= {"page_size": 20}
    pages = read(service, {"since": SINCE.isoformat()})
    rest = read(service, through_json(pages[number].position))
    assert found(rest) == found(pages[number + 1 if number >= 0 else len(pages) + number + 1 :])


@EACH
def test_nothing_is_read_where_nothing_changed(service: Service, product: str) -> None:
    later = article(ARTICLES).modified + timedelta(days=400)
    came = found(read(service, {"since": later.isoformat()}))
    restored = [str(RESTORED)] if product == "mediawiki" else []
    assert [each.external_id for each in came if isinstance(each, Item)] == restored


@EACH
def test_a_moment_in_another_zone_and_between_two_seconds_is_the_same_moment(service: Service) -> None:
    moment = (SINCE + timedelta(microseconds=1)).astimezone(datetime.now().astimezone().tzinfo)
    stamps = [
        i.fields["source_modified_at"]
        for i in found(read(service, {"since": moment.isoformat()}))
        if isinstance(i, Item)
    ]
    assert stamps[0] == article(201).modified


@EACH
def test_positions_hold_no_secret(service: Service) -> None:
    positions = [str(dict(page.position)) for page in read(service)]
    assert [text for text in positions if KEY in text or PASSWORD in text] == []


@EACH
def test_articles_can_be_listed_by_filters(service: Service) -> None:
    with client_for(service, Cause("command", uuid.uuid4())) as client:
        assert isinstance(client, Client)
        listed = list(client.list_all_articles(Filters(modified_after=SINCE, limit=5)))
        everything = list(client.list_all_articles())
    assert [each.modified_at for each in listed] == [article(number).modified for number in range(200, 205)]
    assert len(everything) == ARTICLES


@pytest.mark.parametrize("product", ["wagtail"])
def test_few_articles_take_few_calls_and_a_moment_needs_its_zone(service: Service) -> None:
    with client_for(service, Cause("command", uuid.uuid4())) as client:
        assert isinstance(client, Client)
        assert len(list(client.list_all_articles(Filters(limit=20)))) == 20
        assert Call.objects.count() == 1
        with pytest.raises(ValueError, match="zone"):
            client.list_all_articles(Filters(modified_after=datetime(2026, 1, 1)))  # noqa: DTZ001 - that is tested


@EACH
def test_the_shape_of_the_first_page_tells_where_fields_are(service: Service, product: str) -> None:
    with client_for(service, Cause("command", uuid.uuid4())) as client:
        assert isinstance(client, Client)
        shape = client.detect_shape()
    assert any("list of" in finding.holds for finding in shape.findings)
    described = {"wagtail", "directus", "strapi", "rest"}
    assert shape.suggestions.get("title_path") == ("title" if product in described else None)
    assert shape.suggestions.get("items_path") == ("data" if product == "rest" else None)
    assert product != "strapi" or "id_path" not in shape.suggestions


@EACH
def test_health_counts_the_articles(service: Service) -> None:
    assert f"{ARTICLES} articles" in health(service)


@EACH
def test_the_console_copies_all_of_it(service: Service) -> None:
    run = ops.sync(service.streams.get(), SyncRun.Trigger.COMMAND)
    tasks.run_sync(str(run.pk))
    run.refresh_from_db()
    assert (run.state, run.created, run.rejected, run.failure_message) == ("succeeded", ARTICLES, 0, "")
    assert Essay.objects.filter(service=service).exclude(cover_url="").count() == ARTICLES


@pytest.mark.parametrize(
    ("product", "secret", "code", "words"),
    [
        ("wordpress", "password", Code.AUTH_FAILED, "Check “WordPress user” and its application password"),
        ("ghost", "token", Code.AUTH_FAILED, "Unknown Content API Key. Enter the Content API key"),
        ("directus", "token", Code.AUTH_FAILED, "Invalid user credentials"),
        ("strapi", "token", Code.AUTH_FAILED, "Missing or invalid credentials"),
        ("mediawiki", "token", Code.AUTH_FAILED, "authorization headers in your request are not valid"),
    ],
)
def test_wrong_credentials_are_found_by_the_check(service: Service, secret: str, code: Code, words: str) -> None:
    credentials.store(service, secret, "another one of the same kind")
    check = ops.check(service, HealthCheck.Trigger.COMMAND)
    tasks.check_health(str(check.pk))
    check.refresh_from_db()
    assert (check.state, check.failure_code) == ("failed", code)
    assert words in check.failure_message


@pytest.mark.parametrize(
    ("product", "collection", "code", "words"),
    [
        ("wordpress", "recipes", Code.NOT_FOUND, "Check “Collection” (recipes)"),
        ("ghost", "recipes", Code.NOT_FOUND, "Resource not found"),
        ("directus", "recipes", Code.FORBIDDEN, "the same where nothing is there: check “Collection” (recipes)"),
        ("strapi", "recipes", Code.NOT_FOUND, "Check “Collection” (recipes): it is the plural API id"),
    ],
)
def test_a_collection_that_is_not_there_is_named(service: Service, collection: str, code: Code, words: str) -> None:
    service.options |= {"collection": collection}
    for ask in (health, read):
        with pytest.raises(CallError) as failure:
            ask(service)
        assert failure.value.code is code
        assert words in str(failure.value)


@pytest.mark.parametrize("product", [name for name in PRODUCTS if name not in {"wagtail", "rest"}])
def test_nothing_that_is_not_asked_for_needs_an_option(service: Service, product: str) -> None:
    assert set(service.options) <= {"product", "username"}
    assert isinstance(found(read(service))[0], Item | Gone)


@EACH
def test_nothing_secret_is_in_the_log(service: Service) -> None:
    service.body_policy = Service.BodyPolicy.ALL
    service.save()
    read(service, {"since": datetime(2026, 3, 1, tzinfo=UTC).isoformat()})
    health(service)
    kept = [
        str(row)
        for row in (*Call.objects.values(), *Call.objects.values("body__request_headers", "body__response_body"))
    ]
    assert [row for row in kept if KEY in row or PASSWORD in row] == []
