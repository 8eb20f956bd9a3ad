"""The body of an answer, unpacked, in bounded memory."""

from __future__ import annotations

from urllib3 import BaseHTTPResponse

from integrations.transport.codes import Code
from integrations.transport.errors import CallError
from integrations.transport.failures import peer_of

MIB = 1024 * 1024
READ_BYTES = 64 * 1024
# What unpacks to more than this and to more than so many times its size is a bomb, however large answers may be.
UNSUSPICIOUS_BYTES = 8 * MIB
MOST_EXPANSION = 100


def read(response: BaseHTTPResponse, max_bytes: int, url: str) -> bytes:
    """All of it.

    Raises:
        CallError: it is too large, or packed in a way that was not asked for.
    """
    _check_packing(response, url)
    content = bytearray()  # a list of chunks would cost more than its bytes where they come singly
    # read1 gives what has arrived; read would sit in a drip of single bytes until its buffer is full.
    while chunk := response.read1(READ_BYTES, decode_content=True):
        content += chunk
        if len(content) > max_bytes:
            raise CallError(Code.TOO_LARGE, f"The answer of {peer_of(url)} is larger than {max_bytes // MIB} MiB.")
        if len(content) > max(UNSUSPICIOUS_BYTES, MOST_EXPANSION * response.tell()):
            raise CallError(
                Code.TOO_LARGE, f"The answer of {peer_of(url)} unpacks to over {MOST_EXPANSION} times its size."
            )
    return bytes(content)


def _check_packing(response: BaseHTTPResponse, url: str) -> None:
    """Only gzip is asked for, and only of gzip it is certain that it unpacks in bounded steps."""
    packing = response.headers.get("Content-Encoding", "").lower()
    if packing.strip() in {"", "identity"}:
        return
    if {part.strip() for part in packing.split(",")} - {"gzip", "x-gzip"}:
        raise CallError(
            Code.BAD_ANSWER, f"The answer of {peer_of(url)} is packed as “{packing[:50]}”, which was not asked for."
        )
