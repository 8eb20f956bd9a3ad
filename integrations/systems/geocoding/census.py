"""The geocoder of the US Census Bureau, which knows addresses in the United States alone."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

import jmespath

from integrations.systems.geocoding.asking import ANEW, Asking, words
from integrations.systems.geocoding.places import BatchAddress, BatchResult, Place, bad_answer, degrees, one_line
from integrations.transport.answer import Answer
from integrations.transport.codes import Code
from integrations.transport.errors import CallError

MOST_ROWS = 10_000
OFFERED = "benchmarks[].{name: benchmarkName, id: id, about: benchmarkDescription}"


class Census:
    """The geocoder.

    Args:
        benchmark: name or number of the edition of the address ranges that is searched.
    """

    def __init__(self, asking: Asking, benchmark: str) -> None:
        self._asking = asking
        self._benchmark = benchmark

    # https://geocoding.geo.census.gov/geocoder/Geocoding_Services_API.html
    def geocode(self, address: str) -> Place | None:
        """The first place for an address; None where there is none."""
        params = {"address": address, "benchmark": self._benchmark, "format": "json"}
        return self._asking.kept("geocode", "locations/onelineaddress", params, _first)

    # https://geocoding.geo.census.gov/geocoder/Geocoding_Services_API.html, “Batch Geocoding”
    def geocode_batch(self, rows: Sequence[BatchAddress]) -> list[BatchResult]:
        """A result for each address, in the order of the addresses."""
        if len(rows) > MOST_ROWS:
            raise CallError(Code.NOT_SENDABLE, f"A batch holds {MOST_ROWS:,} addresses; these are {len(rows):,}.")
        if not rows:
            return []
        # Numbered, since nobody says what an id may hold to come back as it was.
        numbered = {str(number): row for number, row in enumerate(rows, start=1)}
        answer = self._asking.request(
            "geocode_batch",
            "POST",
            "locations/addressbatch",
            ANEW,
            form={"benchmark": self._benchmark},
            files={"addressFile": ("addresses.csv", _csv(numbered), "text/csv")},
            raw=True,
        )
        found = _results(answer, numbered)
        return [found.get(number) or BatchResult(row.id, "No_Answer") for number, row in numbered.items()]

    # https://geocoding.geo.census.gov/geocoder/Geocoding_Services_API.html, “benchmark”
    def check_health(self) -> str:
        """Whether the benchmark is still offered."""
        answer = self._asking.request("check_health", "GET", "benchmarks", params={"format": "json"})
        offered = jmespath.search(OFFERED, answer.data)
        if not offered:
            raise _unreadable(answer, "list of benchmarks")
        for each in offered:
            if self._benchmark in (each["name"], str(each["id"])):
                return f"{each['about'] or each['name']}."
        names = ", ".join(str(each["name"]) for each in offered)
        raise CallError(Code.HTTP_ERROR, f"There is no benchmark “{self._benchmark}”, but there are: {names}.")


def _first(answer: Answer) -> Place | None:
    matches = jmespath.search("result.addressMatches", answer.data)
    if not isinstance(matches, list):
        raise _unreadable(answer, "list of matches")
    if not matches:
        return None
    name, x, y, line = (
        jmespath.search(path, matches[0])
        for path in ("matchedAddress", "coordinates.x", "coordinates.y", "tigerLine.tigerLineId")
    )
    return _place(name, x, y, line, "Tie" if len(matches) > 1 else "")


def _unreadable(answer: Answer, missing: str) -> CallError:
    said = words(answer)
    return bad_answer(f"The Census says: {said}." if said else f"There is no {missing} in the answer.")


def _place(name: Any, longitude: Any, latitude: Any, line: Any, precision: str) -> Place:
    if not isinstance(name, str):
        raise bad_answer("There is a match without an address in the answer.")
    return Place(
        degrees(latitude, "latitude", 90), degrees(longitude, "longitude", 180), name, str(line or ""), precision
    )


def _csv(numbered: Mapping[str, BatchAddress]) -> bytes:
    text = io.StringIO()
    lines = ((number, row.street, row.city, row.state, row.postal_code) for number, row in numbered.items())
    csv.writer(text, lineterminator="\n").writerows([one_line(field) for field in line] for line in lines)
    return text.getvalue().encode()


def _results(answer: Answer, numbered: Mapping[str, BatchAddress]) -> dict[str, BatchResult]:
    found: dict[str, BatchResult] = {}
    lines = csv.reader(io.StringIO(answer.body.decode("utf-8", "replace"), newline=""))
    try:
        for line in filter(None, lines):
            number = line[0]
            if number not in numbered or number in found:
                raise bad_answer(f"Line {lines.line_num} of the answer is about no address that was asked for.")
            found[number] = _result(numbered[number].id, line)
    except csv.Error as error:
        raise bad_answer(f"Line {lines.line_num} of the answer is no CSV.") from error
    if not found:
        raise bad_answer("The answer is empty.")
    return found


def _result(row_id: str, line: Sequence[str]) -> BatchResult:
    match line:
        case [_, _, "Match", precision, name, point, tiger_line, *_]:
            longitude, _, latitude = point.partition(",")
            return BatchResult(row_id, "Match", _place(name, longitude, latitude, tiger_line, precision))
        case [_, _, ("No_Match" | "Tie") as verdict, *_]:
            return BatchResult(row_id, verdict)
    raise bad_answer(f"The answer says “{','.join(line)[:80]}”, which is neither a match nor none.")
