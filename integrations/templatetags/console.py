"""The words of `formatting.py` for templates."""

from __future__ import annotations

from decimal import Decimal

from django import template
from django.utils.safestring import SafeString

from integrations import formatting
from integrations.pages.locator import Locator, around

register = template.Library()

register.filter("moment", formatting.moment)
register.filter("ago", formatting.ago)
register.filter("until", formatting.until)
register.filter("ms", formatting.milliseconds)
register.filter("bytes", formatting.size)
register.filter("percent", formatting.percent)
register.filter("change", formatting.change)
register.filter("number", formatting.number)
register.filter("rate", formatting.rate)
register.filter("amount", formatting.amount)
register.filter("length_of_time", formatting.length_of_time)
register.filter("age", formatting.age)
register.filter("latitude", formatting.latitude)
register.filter("longitude", formatting.longitude)


@register.simple_tag
def badge(value: str, label: str) -> SafeString:
    """A state in colour and in words."""
    return formatting.badge(value, label)


@register.simple_tag
def circuit(value: str, label: str) -> SafeString:
    """The same for a circuit, which says that it is one."""
    return formatting.circuit(value, label)


@register.simple_tag
def locator(latitude: Decimal | str, longitude: Decimal | str) -> Locator:
    """The picture of a point; stored values are texts."""
    return around(Decimal(latitude), Decimal(longitude))
