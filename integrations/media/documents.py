"""Looks into a PDF: whether it can be read, and whether it would do anything when it is opened. In the child alone."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, BinaryIO

import pikepdf

from integrations.media.findings import QUARANTINED, Findings, Refused

DEEPEST = 50
ACTIVE_KEYS = {
    "/JS": "JavaScript",
    "/JavaScript": "JavaScript",
    "/EmbeddedFiles": "embedded files",
    "/EF": "embedded files",
    "/RichMedia": "embedded media",
    "/XFA": "a form with scripts (XFA)",
}
ACTIVE_ACTIONS = {
    "/JavaScript": "JavaScript",
    "/Launch": "an action that starts a program",
    "/SubmitForm": "an action that sends data away",
    "/ImportData": "an action that reads other files",
    "/GoToE": "embedded files",
    "/GoToR": "an action that opens other files",
    "/Rendition": "embedded media",
    "/RichMediaExecute": "embedded media",
}
PLAIN = "Print it into a new PDF and upload that; or somebody who may release files looks at it."


def look(stream: BinaryIO, found: Findings) -> None:
    """Each of its objects, also those that no page leads to.

    Raises:
        Refused: with a sentence for the uploader.
    """
    try:
        with pikepdf.open(stream, access_mode=pikepdf.AccessMode.mmap) as document:
            _look(document, found)
    except pikepdf.PasswordError as error:
        raise _encrypted() from error
    except MemoryError as error:
        raise Refused("too_heavy", "Reading the PDF needs too much memory. Upload a smaller one.") from error
    except (
        pikepdf.PdfError,
        pikepdf.DataDecodingError,
        RuntimeError,
        ValueError,
        OSError,
        KeyError,
        TypeError,
    ) as error:
        said = "The PDF is damaged and cannot be read. Print it into a new PDF and upload that."
        raise Refused("damaged", said) from error


def _encrypted() -> Refused:
    said = "The PDF is protected with a password, so nobody can look into it here. Save it without and upload that."
    return Refused("encrypted", said, QUARANTINED)


def _look(document: pikepdf.Pdf, found: Findings) -> None:
    since = time.perf_counter()
    if document.is_encrypted:
        raise _encrypted()
    pages = len(document.pages)
    if not pages:
        raise Refused("damaged", "The PDF has no page. Print it into a new PDF and upload that.")
    found.checked("read", since, "1 page" if pages == 1 else f"{pages:,} pages")
    since = time.perf_counter()
    if active := sorted(_active(document)):
        raise Refused("active", f"The PDF contains {' and '.join(active)}. {PLAIN}", QUARANTINED)
    if document.get_warnings():
        said = f"The PDF is damaged: a viewer may show something else than was looked at here. {PLAIN}"
        raise Refused("repaired", said, QUARANTINED)
    found.checked("active content", since, "none")


def _active(document: pikepdf.Pdf) -> set[str]:
    found: set[str] = set()
    for thing in (document.trailer, *document.objects):
        for part in _dictionaries(thing, 0):
            found.update(said for key, said in ACTIVE_KEYS.items() if key in part)
            action = part.get("/S")
            if isinstance(action, pikepdf.Name) and str(action) in ACTIVE_ACTIONS:
                found.add(ACTIVE_ACTIONS[str(action)])
    return found


def _dictionaries(thing: Any, depth: int) -> Iterator[Any]:
    """It and those written inside of it; what it refers to is an object of its own."""
    if depth > DEEPEST:
        raise Refused("active", f"The PDF is nested too deeply to be looked through. {PLAIN}", QUARANTINED)
    if isinstance(thing, pikepdf.Stream | pikepdf.Dictionary):
        yield thing
        inside = [value for _key, value in thing.items()]
    elif isinstance(thing, pikepdf.Array):
        inside = list(thing)
    else:
        return
    for each in inside:
        if not getattr(each, "is_indirect", True):
            yield from _dictionaries(each, depth + 1)
