"""What a telling name gives away is blanked in whatever it is written; what stands beside it stays."""

from __future__ import annotations

import json
import time
from pathlib import Path
from urllib.parse import parse_qs, quote, urlencode
from xml.etree import ElementTree as ET

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from integrations.transport.telling import BLANK, blank_named

HIDDEN = "hidD3n-Value/x+=="
# “%” is the value; what is expected is the same text with it blanked.
WRITTEN = {
    "JSON": '{"token": "%", "a": 1}',
    "Python": "{'token': '%', 'a': None}",
    "JavaScript": '{token: "%", a: 1}',
    "JSON in JSON": r'{"a": "{\"token\": \"%\", \"b\": 1}", "c": 2}',
    "JSON in JSON in JSON": r'"{\"a\": \"{\\\"token\\\": \\\"%\\\", \\\"b\\\": 1}\"}"',
    "JSON in HTML": "<i data='{&quot;token&quot;:&quot;%&quot;}'>seen</i>",
    "a pair of name and value": '{"name": "X-Api-Key", "type": "text", "value": "%"}',
    "a form": "a=1&client_secret=%&b=2",
    "an address": "see https://host/cb?access_token=%&b=2 there",
    "a fragment": '</cb#state=1&id_token=%>; rel="next"',
    "a signed address": "</x?key=%&a=1&X-Amz-Signature=%&sig=%>",
    "a session in a path": "/shop;jsessionid=%",
    "an element": "<a><password>%</password><b>seen</b></a>",
    "an element with namespace": '<w:Password Type="seen">%</w:Password><b>seen</b>',
    "an element in parts": "<credentials><user>%</user><x>%</x></credentials><b>seen</b>".replace(
        "</user><x>%", "</user>"
    ),
    "an element, escaped": "&lt;password&gt;%&lt;/password&gt; seen",
    "an element in JSON of Go": r'{"x": "\u003cpassword\u003e%\u003c/password\u003e seen"}',
    "an element in JSON of PHP": r'{"x": "<password>%<\/password> seen"}',
    "an attribute": '<x api_key="%" a="seen"/>',
    "an attribute in single quotes": "<x token='%' a='seen'/>",
    "a field of a form": '<input name="csrf_token" type="hidden" value="%"> seen',
    "a labelled element": '<param name="password">%</param> seen',
    "a header": "GET / HTTP/1.1\r\nAuthorization: %\r\nAccept: seen",
    "a header in JSON": r'{"sent": "GET /\r\nX-Api-Key: %\r\nAccept: seen"}',
    "a scheme": "It answered 401: Bearer % is not valid.",
    "a sentence": "Invalid token: % was given",
    "a connection": "postgres://%@host/db",
    "a connection in JSON of PHP": r'{"url": "https:\/\/%@host\/p"}',
    "an open string": '{"a": 1, "token": "%',
    "an open element": "<a><token>%",
}


@pytest.mark.parametrize("written", WRITTEN)
def test_a_telling_name_hides_its_value_and_nothing_else(written: str) -> None:
    text, value = WRITTEN[written], "user:pass" if "@host" in WRITTEN[written] else HIDDEN
    if written == "an element in parts":
        assert blank_named(text.replace("%", value)) == f"<credentials>{BLANK}</credentials><b>seen</b>"
    else:
        assert blank_named(text.replace("%", value)) == text.replace("%", BLANK)


@pytest.mark.parametrize("value", ["12345678", "-1.5e3", '["a", "]", "b"]', '{"a": {"b": "}"}, "c": []}', '["open", {'])
def test_numbers_lists_and_objects_are_blanked_whole(value: str) -> None:
    rest = "" if value.endswith("{") else ', "b": 2}'
    assert blank_named(f'{{"a": 1, "tokens": {value}{rest}') == f'{{"a": 1, "tokens": "{BLANK}"{rest}'


@pytest.mark.parametrize(
    "text",
    [
        '{"title": "Tokens of spring", "keys": ["a", "b"], "key": "ABC-1", "session": 3, "error": "invalid_token"}',
        '{"has_password": true, "token": null, "cookie": "", "secret": false}',
        "Bad password: it must be longer. Basic authentication is needed.",
        'Bearer realm="x", error="seen"',
        "a=1&monkey=2&design=3",
        "https://host/@name?to=a@b.example",
    ],
)
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert blank_named(text) == text


def nested(value: object, depth: int) -> str:
    text = json.dumps({"before": 1, "token": value, "after": ["seen"]})
    return nested_in(text, depth)


def nested_in(text: str, depth: int) -> str:
    for _ in range(depth):
        text = json.dumps({"inner": text, "after": 2})
    return text


VALUES: st.SearchStrategy[object] = st.text(max_size=40) | st.text(alphabet="\\\"'{}[]&<>%=:;\n", max_size=20)
VALUES |= st.integers()
VALUES |= st.lists(st.text(max_size=9), min_size=1) | st.dictionaries(
    st.text(max_size=5), st.text(max_size=5), min_size=1
)


@given(value=VALUES, depth=st.integers(0, 3))
def test_json_stays_json_and_loses_the_value_only_however_deep_it_lies(value: object, depth: int) -> None:
    wanted = nested("" if value == "" else BLANK, depth)
    assert blank_named(nested(value, depth)) == wanted


@given(value=st.text(max_size=40), after=st.text(alphabet="abc é", max_size=9))
def test_forms_lose_the_value_only(value: str, after: str) -> None:
    value = value.encode("utf-8", "replace").decode()
    blanked = blank_named(urlencode({"a": "seen", "api_key": value, "b": after}))
    wanted = {"a": ["seen"], "api_key": [BLANK if value else ""], "b": [after]}
    assert parse_qs(blanked, keep_blank_values=True) == wanted


XML_VALUES = st.text(alphabet=st.characters(min_codepoint=32, exclude_categories=("Cs", "Co", "Cn")), min_size=1)


# Before a quote a backslash is taken for an escape, as in JSON; then too much is blanked rather than too little.
@given(value=XML_VALUES.filter(lambda value: not value.endswith("\\")))
def test_xml_loses_the_value_only(value: str) -> None:
    root = ET.Element("a")
    ET.SubElement(root, "password").text = value
    ET.SubElement(root, "b", {"token": value, "c": "seen"}).text = "seen"
    found = ET.fromstring(blank_named(ET.tostring(root, encoding="unicode")))
    assert [(each.tag, each.text, each.attrib) for each in found] == [
        ("password", BLANK, {}),
        ("b", "seen", {"token": BLANK, "c": "seen"}),
    ]


@given(value=st.text(alphabet="ab \r\n-\"'=&<>:", min_size=1, max_size=60))
def test_multipart_loses_the_value_only(value: str) -> None:
    parts = {"a": (None, "seen"), "api_key": (None, value), "token": ("file.txt", value, "text/plain")}
    body = requests.Request("POST", "http://host/", files=parts).prepare().body
    assert isinstance(body, bytes)
    line = body.partition(b"\r\n")[0].decode()
    found = blank_named(body.decode()).split(line)
    assert [part.partition("\r\n\r\n")[2].strip() for part in found[1:-1]] == ["seen", BLANK, BLANK]


@pytest.mark.parametrize("depth", range(3))
def test_naughty_strings_hide_nothing(shared_data: Path, depth: int) -> None:
    for naughty in json.loads((shared_data / "strings" / "blns.json").read_text()):
        whole = f"{naughty} {HIDDEN}"
        assert blank_named(nested(whole, depth)) == nested(BLANK, depth)
        beside = {"a": naughty, "token": HIDDEN, "b": naughty}
        assert HIDDEN not in blank_named(nested_in(json.dumps(beside), depth))
        assert HIDDEN not in blank_named(f"a={quote(naughty)}&token={HIDDEN}&b={quote(naughty)}")


DENSE = ["<token>", "token ", '"token":"', '"token":{"', 'name="token" ', "\ntoken:", "&a.key=", "://a:b@", "bearer a1"]
OPEN = ['"token":"', '"token":["', '"token":"' + "\\" * 9, "<token>", "token='", 'name="token"\r\n\r\n', ""]


@pytest.mark.parametrize("run", [*DENSE, "\\", "%5c", '"', "{", "%22", "\n", "=", " "])
@pytest.mark.parametrize("opening", OPEN)
def test_a_body_of_a_stranger_takes_linear_time(opening: str, run: str) -> None:
    hostile = (opening + run * 128 * 1024)[: 128 * 1024]
    began_at = time.process_time()
    assert len(blank_named(hostile)) < 4 * len(hostile)
    assert time.process_time() - began_at < 5
