"""What Salesforce's own error codes mean to us, in sentences that say what to do.

https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/errorcodes.htm
"""

from __future__ import annotations

from typing import Any

from integrations.transport.codes import Code
from integrations.transport.errors import CallError


class RowLocked(CallError):
    """Somebody else is writing the same record, or its parent; it did not change."""


_MEANINGS = {
    "REQUEST_LIMIT_EXCEEDED": (
        Code.RATE_LIMITED,
        "The API calls of the last 24 hours are used up; there will be more, but nobody says when. Call less often.",
    ),
    "MALFORMED_QUERY": (Code.HTTP_ERROR, "Correct the query: “Condition” must be SOQL without the word WHERE."),
    "INVALID_FIELD": (
        Code.HTTP_ERROR,
        "Correct the names of fields (a stream has them from the options), or let the account use that field.",
    ),
    "INVALID_TYPE": (Code.HTTP_ERROR, "Correct “Object”, or let the account read that object."),
    "INVALID_QUERY_LOCATOR": (
        Code.TRUNCATED,
        "Salesforce keeps the rest of a list for two days, and this one is gone: a new run begins anew.",
    ),
    "QUERY_TIMEOUT": (Code.HTTP_ERROR, "Salesforce gave up on the query: narrow “Condition” to indexed fields."),
    "NOT_FOUND": (
        Code.NOT_FOUND,
        "There is no such API version, object, external id field or record, or the account may not see it.",
    ),
    "UNABLE_TO_LOCK_ROW": (Code.CONFLICT, "Somebody else is writing the same record at Salesforce."),
    "DUPLICATE_VALUE": (Code.CONFLICT, "Another record has this value in a field that must be unique."),
    "DUPLICATES_DETECTED": (Code.CONFLICT, "A duplicate rule of the org refuses the record."),
    "ENTITY_IS_DELETED": (Code.CONFLICT, "The record is in the recycle bin of the org."),
    "SERVER_UNAVAILABLE": (
        Code.SERVER_ERROR,
        "Salesforce is overloaded or under maintenance: see https://status.salesforce.com.",
    ),
    "INVALID_SESSION_ID": (
        Code.AUTH_FAILED,
        "Salesforce refused a new token too: check the IP ranges and session settings of the app and its user.",
    ),
    "API_DISABLED_FOR_ORG": (
        Code.FORBIDDEN,
        "The edition of the org has no API, or the user lacks the permission “API Enabled”.",
    ),
    "INSUFFICIENT_ACCESS_OR_READONLY": (Code.FORBIDDEN, "The account may not change the record."),
}
_CONCURRENT = "Too many calls of the org run longer than 20 seconds at the moment."


def meaning(error: CallError) -> CallError | None:
    """The same failure with the code and the sentence for what Salesforce says; None where that adds nothing.

    Salesforce's own words stay in front: the transport has blanked secrets in them.
    """
    if error.answer is None:
        return None
    if error.answer.status == 300:
        return _several(error)
    name = error_code(error.answer.json)
    if name not in _MEANINGS:
        return None
    code, advice = _MEANINGS[name]
    if name == "REQUEST_LIMIT_EXCEEDED" and "concurrent" in str(error).lower():
        advice = _CONCURRENT
    kind = RowLocked if name == "UNABLE_TO_LOCK_ROW" else CallError
    return kind(code, f"{' '.join(str(error).split())} {advice}", error.answer, error.retry_after)


def error_code(body: Any) -> str:
    """Salesforce's code in the body of an error; empty where it has none."""
    first = body[0] if isinstance(body, list) and body else None
    name = first.get("errorCode") if isinstance(first, dict) else None
    return name if isinstance(name, str) else ""


# https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/dome_upsert.htm
def _several(error: CallError) -> CallError:
    found = error.answer.json if error.answer else None
    many = f"{len(found)} records" if isinstance(found, list) and found else "Several records"
    sentence = f"{many} at Salesforce have this external id, so none was changed: merge them, or make the field unique."
    return CallError(Code.CONFLICT, sentence, error.answer)
