"""Figures of the landing page that are not of calls."""

from __future__ import annotations

import pytest
from django.utils import timezone

from integrations import stats
from integrations.models import CachedAnswer, Service


def test_cached_answers_are_counted_up_to_a_bound(
    cms: Service, github: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        CachedAnswer.objects.create(service=cms, key=str(number), operation="x", stored_at=timezone.now())
    CachedAnswer.objects.create(service=cms, key="being asked", operation="x")
    assert (stats.cached_answers(cms), stats.cached_answers(github)) == (4, 0)
    monkeypatch.setattr(stats, "MOST_ANSWERS", 3)
    assert stats.cached_answers(cms) == 3
