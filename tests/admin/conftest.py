"""What the tests of the admin share: the superuser, a console in use, pages as a browser would ask for them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.admin.population import populate


@pytest.fixture
def root(db: None) -> User:
    return User.objects.create_superuser("root", password="secret of the tests")


@pytest.fixture
def browser(root: User, as_person: Callable[[User], Client]) -> Client:
    """The superuser, signed in."""
    return as_person(root)


@pytest.fixture
def populated(db: None) -> None:
    populate()
