"""The worked examples of docs/systems/rest.md do what the page says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from integrations.systems.base import Item
from integrations.systems.rest import SYSTEM
from tests.source import ROOT
from tests.systems import rest_api as api
from tests.transport.server import Reply, ScriptedServer

PAGE = (ROOT / "docs" / "systems" / "rest.md").read_text()
EXAMPLES = dict(re.findall(r"^### (.+)\n([^#]+)", PAGE, re.MULTILINE))
OPTIONS = {option.label: option for option in SYSTEM.options}
SECRETS = {secret.label for secret in SYSTEM.secrets}


def blocks(text: str, language: str) -> list[str]:
    return [line for block in re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL) for line in block.splitlines()]


def chosen(text: str) -> Mapping[str, Any]:
    """The table as the form would store it."""
    found: dict[str, Any] = {}
    for label, shown in re.findall(r"^\| ([^|]+) \| ([^|]+) \|$", text, re.MULTILINE)[1:]:
        option, value = OPTIONS[label], shown.strip("`")
        by_label = {words: name for name, words in option.choices}
        found[option.name] = by_label[value] if option.choices else int(value) if value.isdecimal() else value
    return found


def test_every_way_has_an_example() -> None:
    assert set(EXAMPLES) == {words for _, words in OPTIONS["Pagination"].choices}


# Where an address counts, the page before it is looked back at, and the remote here has only its last answer for that.
READ = {"Limit and offset": 3, "Page number": 1, "Link header": 3, "Address of the next page in the answer": 3}


@pytest.mark.parametrize("way", EXAMPLES)
def test_a_worked_example_reads_its_list(db: None, remote: ScriptedServer, way: str) -> None:
    text = EXAMPLES[way].replace("{base_url}", remote.url)
    bodies, headers = blocks(text, "json"), [line.partition(": ")[::2] for line in blocks(text, "http")]
    first, *others = (body.encode() for body in bodies)
    remote.answers(Reply(body=first, headers=tuple(headers)), *(Reply(body=body) for body in others))
    options = chosen(text)
    items = api.items(api.read(api.plain(remote.url, **options)))
    assert len(items) == READ.get(way, 2)
    assert {type(item) for item in items} == {Item}
    assert all(item.fields["title"] for item in items if isinstance(item, Item)) is ("title_path" in options)


def test_every_option_in_bold_or_quotes_is_there() -> None:
    named = set(re.findall(r"“([A-Z][^”]+)”", PAGE)) - {"Error inbox"}
    assert named <= OPTIONS.keys() | SECRETS
