"""The head of a text: what of it is understood, and what is left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.systems.github.front_matter import heading, render, split


def values(*lines: str) -> dict[str, str]:
    return dict(split("\n".join(["---", *lines, "---", "body"]))[0])


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("title: Plain words", "Plain words"),
        ("title:    Plain words   ", "Plain words"),
        ("title: Rivers: a history", "Rivers: a history"),
        ("title: C# in depth  # a remark", "C# in depth"),
        ("title: # nothing but a remark", ""),
        ('title: "Rivers: \\"a\\" history" # a remark', 'Rivers: "a" history'),
        ('title: "# no remark"', "# no remark"),
        ('title: "\\u00e4\\n"', "ä\n"),
        ('title: "an \\e escape of YAML alone"', "an \\e escape of YAML alone"),
        ("title: 'it''s # here'", "it's # here"),
        ("title: ''", ""),
        ("title:", ""),
        ("title: ~", ""),
        ("title: null", ""),
        ("TITLE: Plain words", "Plain words"),
        ("title : Plain words", "Plain words"),
        ('title: "open', ""),
        ("title: 'open", ""),
        ('title: "closed" and more', ""),
        ("title: [a, list]", ""),
        ("title: {a: map}", ""),
        ("title: >-", ""),
        ("title: |", ""),
        ("title: &anchor x", ""),
    ],
)
def test_a_value_is_read_or_left_out(line: str, value: str) -> None:
    assert values(line, "slug: after")["title"] == value
    assert values("slug: before", line)["slug"] == "before"


def test_values_of_several_lines_are_left_out() -> None:
    found = values("title: begins", "  and goes on", "author:", "  name: Ada", "tags:", "- a", "slug: s")
    assert found == {"tags": "", "slug": "s"}


@pytest.mark.parametrize("text", ["", "body", "--- \nno end", "----\na: b\n---\n", " ---\na: b\n---\n", "body\n---\n"])
def test_a_text_without_a_head_is_a_body(text: str) -> None:
    assert split(text) == ({}, text)


@pytest.mark.parametrize(
    ("text", "body"),
    [
        ("---\na: b\n---\n\nbody\n", "body\n"),
        ("---\r\na: b\r\n---\r\nbody\r\n", "body\r\n"),
        ("---\na: b\n...\nbody", "body"),
        ("---\na: b\n---", ""),
        ("---\na: b\n---\nbody\n---\nmore", "body\n---\nmore"),
    ],
)
def test_the_body_is_what_follows_the_head(text: str, body: str) -> None:
    assert split(text) == ({"a": "b"}, body)


def test_an_empty_head_is_a_head() -> None:
    assert split("---\n---\nbody") == ({}, "body")


@pytest.mark.parametrize(
    ("body", "title"),
    [
        ("# One\n\n# Two", "One"),
        ("text\n\n  #  Spaced  \n", "Spaced"),
        ("# Closed ##", "Closed"),
        ("# C#", "C#"),
        ("#hash\n## Second rank\n", ""),
        ("```sh\n# a remark\n```\n# Heading", "Heading"),
        ("~~~\n```\n# a remark\n~~~\n# Heading", "Heading"),
        ("```\n# never closed", ""),
        ("", ""),
    ],
)
def test_the_first_heading_is_found(body: str, title: str) -> None:
    assert heading(body) == title


@given(st.text(alphabet=st.sampled_from("-\n\r #'\"\\:a\t")))
def test_any_text_is_read(text: str) -> None:
    for candidate in (text, f"---\n{text}\n---\n{text}"):
        found, body = split(candidate)
        assert candidate.endswith(body)
        assert all(isinstance(value, str) for value in found.values())
        assert heading(body) == heading(body).strip()


def test_a_long_line_takes_no_time() -> None:
    spaces = " " * 200_000
    assert values(f"title: a{spaces}b")["title"] == f"a{spaces}b"
    assert heading(f"# a{spaces}b") == f"a{spaces}b"
    assert values(f"title: 'a{spaces}")["title"] == ""


KEYS = st.from_regex(r"[a-z_][a-z0-9_-]*", fullmatch=True)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.dictionaries(KEYS, TEXTS), TEXTS)
def test_what_is_rendered_is_taken_apart_into_the_same(values: dict[str, str], body: str) -> None:
    assert split(render(values, body)) == (values, body.lstrip("\r\n"))


@given(TEXTS)
def test_a_rendered_value_stands_in_one_line_of_what_yaml_takes_for_text(value: str) -> None:
    _fence, line, *_rest = render({"title": value}, "").split("\n")
    assert len(line.splitlines()) == 1
    assert line.startswith('title: "')
    assert line.endswith('"')
