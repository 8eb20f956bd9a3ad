"""After a test that commits, the database is as it was before the first one."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, Permission, User
from django_q.models import Schedule

from integrations.models import Service
from tests.emptying import Emptying
from tests.tables import cells

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_a_test_added_changed_and_deleted_is_as_it_was() -> None:
    before, empty = sorted(cells()), Emptying()
    user = User.objects.create_user("somebody")
    user.groups.set(Group.objects.all())
    user.user_permissions.add(*Permission.objects.all()[:3])
    Service.objects.create(slug="cms", name="Articles", system="cms", base_url="http://127.0.0.1:9/")
    Group.objects.create(name="A new one").permissions.set(Permission.objects.all())
    Group.objects.earliest("pk").delete()
    Permission.objects.earliest("pk").delete()
    Schedule.objects.update(name="another name")
    assert sorted(cells()) != before
    empty()
    assert sorted(cells()) == before


def test_rows_of_a_migration_that_nobody_named_are_noticed(cms: Service) -> None:
    with pytest.raises(AssertionError, match="migrations leave rows"):
        Emptying()
