"""What FileMaker's own codes mean; they are in every answer, and its HTTP status tells little beside them.

https://help.claris.com/en/data-api-guide/content/error-responses.html
https://help.claris.com/en/pro-help/content/error-codes.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import jmespath

from integrations.systems.filemaker import SYSTEM
from integrations.transport.answer import Answer
from integrations.transport.codes import Code
from integrations.transport.errors import CallError

FINE = "0"
_CODE = re.compile(r"-?[0-9]{1,5}")
_FIRST = jmespath.compile("messages[0].code")


class NoMatch(CallError):
    """No record matches, which FileMaker sends as an error."""


class NoRecord(CallError):
    """There is no record of that id, or none so far down the list."""


class RecordInUse(CallError):
    """Somebody is editing the record; nothing was done."""


_KINDS: Mapping[str, type[CallError]] = {"101": NoRecord, "301": RecordInUse, "401": NoMatch}
_PARAMETER = "a parameter is missing or is not what FileMaker wants there"
_DATABASE = "it does not know the database, or cannot open it: correct its name in the options, or open it there"
_WORDS: Mapping[str, str] = {
    "9": "the account may not do this",
    "10": "a header, or something else that FileMaker wants, is missing",
    "100": _DATABASE,
    "101": "there is no such record, or it was deleted",
    "102": "a field is not on the layout: put it there, or correct its name",
    "104": "there is no such script",
    "105": "there is no such layout: correct its name in the options",
    "212": "it does not know the account, or the password is wrong",
    "301": "somebody is editing the record at the moment; nothing was changed",
    "306": "somebody changed the record since it was read; nothing was changed",
    "401": "no record matches",
    "504": "a value must be unique, and another record has it already",
    "802": _DATABASE,
    "952": "it refuses the session although it has just begun",
    "953": "the amount of data that its licence allows for is used up",
    "956": "as many sessions are open as it allows; an unused one ends after 15 minutes",
    "958": _PARAMETER,
    "960": _PARAMETER,
    "1708": _PARAMETER,
}
_WORDS_OF_RANGES = (
    (range(200, 300), "the privilege set of the account does not allow it"),
    (range(500, 512), "a value does not meet the validation of its field; nothing was changed"),
)


def response(answer: Answer) -> Mapping[str, Any]:
    """What FileMaker responds with in a good answer.

    Raises:
        CallError: it is no answer of FileMaker, or one with an error in spite of its status.
    """
    code = _code(answer.data)
    found = answer.data.get("response") if isinstance(answer.data, Mapping) else None
    if code not in {FINE, ""}:
        raise _failure(code, CallError(Code.HTTP_ERROR, f"It answered {answer.status} with an error.", answer))
    if not code or not isinstance(found, Mapping):
        raise CallError(
            Code.BAD_ANSWER, "The answer has not the “response” and “messages” that FileMaker always sends.", answer
        )
    return found


def meaning(error: CallError) -> CallError | None:
    """The same failure as FileMaker means it; None where its answer does not say, or there is none."""
    if error.answer is None:
        return None
    code = _code(error.answer.json)
    if code not in {FINE, ""}:
        return _failure(code, error)
    if error.status in {502, 503}:
        text = f"{error} The Data API engine does not run: whoever administers FileMaker Server can start it."
        return CallError(error.code, text, error.answer, error.retry_after)
    return None


def _code(data: Any) -> str:
    """The code of the first message; empty where there is none that could be one."""
    found = _FIRST.search(data)
    text = str(found) if isinstance(found, str | int) else ""
    return text if _CODE.fullmatch(text) else ""


def _failure(code: str, error: CallError) -> CallError:
    """With the error's own text, since the transport has blanked secrets in it."""
    words = _WORDS.get(code) or next((words for codes, words in _WORDS_OF_RANGES if int(code) in codes), "")
    says = f"FileMaker's code {code}: {words}." if words else f"FileMaker's code is {code}."
    kind = SYSTEM.meanings.codes.get(code, error.code)
    return _KINDS.get(code, CallError)(kind, f"{error} {says}", error.answer, error.retry_after)
