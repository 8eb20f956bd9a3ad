"""What staff entered for one service, put into the places where signing in needs it.

Texts for addresses, forms and payloads may hold {name} for an option or secret; in an address options only,
percent-encoded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:  # it declares what this is
    from integrations.systems.base import System


@dataclass(frozen=True)
class Given:
    """What staff entered for one service.

    Attributes:
        options, secrets: every declared one, empty where nothing was entered.
        labels: of options and secrets, as the form shows them.
    """

    base_url: str
    options: Mapping[str, Any]
    secrets: Mapping[str, str] = field(repr=False)
    labels: Mapping[str, str] = field(default_factory=dict)

    def option(self, name: str) -> str:
        """An option as text."""
        value = self.options[name]
        return "" if value is None else str(value)

    def filled(self, texts: Mapping[str, str]) -> dict[str, str]:
        """The texts with their values; what is empty is left out."""
        values = {**{name: self.option(name) for name in self.options}, **self.secrets}
        found = {key: text.format_map(values) for key, text in texts.items()}
        return {key: text for key, text in found.items() if text}

    def url(self, path: str, **more: str) -> str:
        """An address below the base URL, or below that in an option where the path begins with one; or just that."""
        base = self.base_url
        if path.startswith("{"):
            name, _, path = path[1:].partition("}")
            base = self.option(name)
            if not path:
                return base
        values = {name: quote(self.option(name), safe="") for name in self.options}
        return f"{base.rstrip('/')}/{path.lstrip('/').format_map({**values, **more})}"

    def unset(self, *names: str) -> tuple[str, ...]:
        """The labels of those that are empty."""
        empty = (name for name in names if not (self.secrets[name] if name in self.secrets else self.option(name)))
        return tuple(self.labels.get(name, name) for name in empty)


def given_to(system: System, base_url: str, options: Mapping[str, Any], secrets: Mapping[str, str]) -> Given:
    """What staff entered, with the defaults of the System and its labels."""
    labels = {option.name: option.label for option in system.options}
    labels |= {secret.name: secret.label for secret in system.secrets}
    return Given(base_url, {**system.defaults, **options}, secrets, labels)
