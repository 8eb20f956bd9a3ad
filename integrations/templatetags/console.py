"""The words of `formatting.py` for templates."""

from __future__ import annotations

from django import template
from django.utils.safestring import SafeString

from integrations import formatting

register = template.Library()

register.filter("moment", formatting.moment)
register.filter("ago", formatting.ago)
register.filter("until", formatting.until)
register.filter("ms", formatting.milliseconds)
register.filter("bytes", formatting.size)
register.filter("percent", formatting.percent)
register.filter("number", formatting.number)


@register.simple_tag
def badge(value: str, label: str) -> SafeString:
    """A state in colour and in words."""
    return formatting.badge(value, label)


@register.simple_tag
def circuit(value: str, label: str) -> SafeString:
    """The same for a circuit, which says that it is one."""
    return formatting.circuit(value, label)
