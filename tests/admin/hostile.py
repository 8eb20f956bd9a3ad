"""Text and bytes by people who mean harm."""

from __future__ import annotations

import json
from typing import Any

MARK = "<x-mark"  # every hostile text begins a tag of this name; a page that holds it raw did not escape
HOSTILE = (
    "<script>alert(1)</script>",
    "</title></textarea></script><img src=x onerror=alert(1)>",
    "{{ 7|add:7 }}{% debug %}",
    "javascript:alert(1)",
    "%s%n{0}${x}",
    "\u202etxt.exe\ufeff\u200b",
    "Ω≈ç√∫ 社會科學院 👩‍👧 ﷽",
    "=cmd|' /C calc'!A0",
)
BODIES = (
    b'{"a": [1, {"b": null}]}',
    b"",
    b"\x00\x01\x02 binary \xff\xfe",
    b"\xc3\x28 no UTF-8",
    b'{"half of a character": "\\ud800", "nul": "\\u0000"}',
    *(b"[" * depth + b"]" * depth for depth in (5000, 700)),
    b"1" * 5000,
    b"{" + b'"key": "' + b"x" * 300_000 + b'"}',
    f'{{"html": "{MARK}>"}}'.encode(),
)
DEEP: Any = json.loads("[" * 400 + "]" * 400)
