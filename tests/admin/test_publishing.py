"""“Publish to GitHub” on an essay's page: what the dialog says, what it starts, and what the page shows of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from integrations import credentials, publishing
from integrations.models import Call, Essay, Publication, Service
from integrations.systems.github import sandbox
from tests.admin.asking import messages_of, page, said
from tests.essays import essay_of
from tests.worker import work_off

AsPerson = Callable[[User], Client]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def client(operator: User, as_person: AsPerson) -> Client:
    """The operator, signed in."""
    return as_person(operator)


@pytest.fixture
def repository(github: Service) -> Service:
    credentials.store(github, "token", sandbox.SECRETS["token"])
    Service.objects.filter(pk=github.pk).update(options=sandbox.OPTIONS)
    return github


@pytest.fixture
def essay(cms: Service) -> Essay:
    return essay_of(cms)


def press(client: Client, essay: Essay, **fields: object) -> str:
    """Confirm the dialog; what the next page says of it."""
    response = client.post(page(Essay, "publish", essay.pk), {"_form_submitted": "on", **fields})
    assert response.headers["HX-Redirect"] == essay.get_absolute_url()
    return messages_of(response)[-1]


def test_the_dialog_says_where_it_would_go_and_by_whom(
    client: Client, essay: Essay, repository: Service, operator: User
) -> None:
    address = page(Essay, "publish", essay.pk)
    html = said(client, address)
    assert f"Empty at GitHub: essays/{essay.slug}.md" in html
    assert "Publish “Rivers: a “history”" in html
    assert "by the owner of the service&#x27;s token" in html or "by the owner of the service's token" in html
    User.objects.filter(pk=operator.pk).update(email="olga@example.org", first_name="Olga")
    assert "The commit will be by Olga &lt;olga@example.org&gt;." in said(client, address)


def test_services_that_are_off_or_no_repository_are_not_offered(
    client: Client, essay: Essay, repository: Service
) -> None:
    Service.objects.create(slug="off", name="Off", system="github", enabled=False, base_url="https://off.example")
    form = client.get(page(Essay, "publish", essay.pk)).context["form"]
    assert list(form.fields["service"].queryset) == [repository]
    refused = client.post(page(Essay, "publish", essay.pk), {"_form_submitted": "on", "service": essay.service_id})
    assert "Select a valid choice" in refused.content.decode()
    assert not Publication.objects.exists()


def test_without_a_repository_the_dialog_and_the_button_say_what_to_do(client: Client, essay: Essay) -> None:
    sentence = "There is no repository to publish to. Add a service of GitHub first."
    assert sentence in said(client, page(Essay, "publish", essay.pk))
    assert press(client, essay) == sentence


def test_what_is_pressed_is_done_and_its_page_follows_it(
    client: Client, essay: Essay, repository: Service, operator: User
) -> None:
    assert "This essay has not been published from here." in said(client, essay.get_absolute_url())
    sentence = press(client, essay, service=repository.pk, path="essays/pressed.md", message="Pressed", replace="on")
    row = Publication.objects.get()
    assert (row.service, row.path, row.message, row.replace) == (repository, "essays/pressed.md", "Pressed", True)
    assert (row.actor, row.state) == (operator, "queued")
    assert sentence.startswith("Started: ")
    live = page(Essay, "live", essay.pk)
    assert client.get(live).status_code == 200
    work_off()
    answer = client.get(live)
    html = answer.content.decode()
    row.refresh_from_db()
    assert answer.status_code == 286
    assert f'Committed: <a class="c-link" href="{row.url}"' in html
    assert "Pressed</a>" in html
    calls = page(Call, "changelist", correlation_id=row.correlation_id)
    assert calls in html
    assert "commit_file" in said(client, calls)


def test_a_conflict_is_told_where_the_button_is(client: Client, essay: Essay, repository: Service) -> None:
    press(client, essay, path="README.md")
    work_off()
    html = said(client, essay.get_absolute_url())
    assert "Not published" in html
    assert "holds another text that the console did not publish" in html
    assert publishing.OVERWRITE in html


def test_leaving_everything_as_it_is_will_do_and_twice_is_once(
    client: Client, essay: Essay, repository: Service
) -> None:
    press(client, essay)
    assert "This essay is being published already." in press(client, essay)
    row = Publication.objects.get()
    assert (row.service, row.path, row.message) == (
        repository,
        f"essays/{essay.slug}.md",
        publishing.default_message(essay),
    )


@pytest.mark.parametrize("who", ["viewer", "stranger"])
def test_those_who_may_not_publish_are_offered_nothing_and_refused(
    request: pytest.FixtureRequest, as_person: AsPerson, essay: Essay, repository: Service, who: str
) -> None:
    client = as_person(request.getfixturevalue(who))
    address = page(Essay, "publish", essay.pk)
    assert address not in client.get(essay.get_absolute_url()).content.decode()
    assert client.get(address).status_code == 403
    assert client.post(address, {"_form_submitted": "on"}).status_code == 403
    assert not Publication.objects.exists()
