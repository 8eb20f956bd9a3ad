"""When asking again does no harm and may help, and how long to wait before."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import tenacity

from integrations.transport.codes import Code
from integrations.transport.errors import CallError
from integrations.transport.waiting import LONGEST_SLEEP_S

P = ParamSpec("P")
R = TypeVar("R")

logger = logging.getLogger(__name__)

IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})  # RFC 9110, section 9.2.2
NEVER_ARRIVED = frozenset({Code.DNS_FAILED, Code.CONNECTION_REFUSED, Code.UNREACHABLE})
TURNED_AWAY = frozenset({Code.RATE_LIMITED})  # the remote says that it did nothing
PERHAPS_DONE = frozenset({Code.TIMEOUT, Code.DEADLINE, Code.CONNECTION_BROKEN, Code.SERVER_ERROR})
UNSEEN = PERHAPS_DONE - {Code.SERVER_ERROR}  # nobody can say whether it was carried out

WITHIN_S = 60.0
FIRST_PAUSE_S = 0.25
LONGEST_PAUSE_S = 5.0

BUDGET_FLOOR = 10
BUDGET_PERCENT = 8  # a little under the 10 promised, since a window lets go of the floor spent at its beginning


def is_harmless(code: Code, *, repeatable: bool) -> bool:
    """Whether asking again can do nothing twice.

    Args:
        repeatable: the method is idempotent or the request carries an idempotency key.
    """
    return code in NEVER_ARRIVED | TURNED_AWAY or (repeatable and code in PERHAPS_DONE)


def is_affordable(calls: int, retries: int) -> bool:
    """Whether one more retry keeps the extra load on a service in trouble under a tenth.

    Args:
        calls: first attempts among the newest; `retries`: the others. A few are always allowed.
    """
    return retries < max(BUDGET_FLOOR, calls * BUDGET_PERCENT / 100)


def pause_s(failures: int, error: CallError) -> float:
    """Seconds to wait after so many failures: what the remote asked for, else exponential with full jitter."""
    if error.retry_after is not None:
        return error.retry_after
    # Full jitter: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    return random.uniform(0, min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2**failures))  # noqa: S311 - spreads load, hides nothing


def retry_with_backoff(
    max_retries: int, base_delay: float, exceptions: type[Exception] | tuple[type[Exception], ...]
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Call the function again when it raises one of these, at most so many times more.

    For work of a client that is more than one request, a look before a repeat for example; single requests
    are retried by the transport. The pause before retry n is random between 0 and `base_delay` * 2**n
    seconds, at most 10; the last error is raised as it came.
    """
    return tenacity.retry(
        retry=tenacity.retry_if_exception_type(exceptions),
        stop=tenacity.stop_after_attempt(max_retries + 1),
        wait=tenacity.wait_random_exponential(multiplier=base_delay, max=LONGEST_SLEEP_S),
        before_sleep=tenacity.before_sleep_log(logger, logging.INFO),
        reraise=True,
    )
