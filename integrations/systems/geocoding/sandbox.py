"""Speaks Nominatim's API and the part of the Census geocoder that the client uses, with their errors.

https://nominatim.org/release-docs/latest/api/Overview/
https://geocoding.geo.census.gov/geocoder/Geocoding_Services_API.html
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path

OPTIONS = {"contact": "operations@console.example"}

FORMATS = "xml, json, jsonv2, geojson, geocodejson"
NEAR = 0.01  # degrees
MOST_ROWS = 10_000
LONGEST_ADDRESS = 100
ABBREVIATIONS = {"ave": "avenue", "nw": "northwest", "n": "north", "rd": "road", "st": "street"}
BENCHMARKS = (
    ("4", "Public_AR_Current", "Public Address Ranges - Current Benchmark"),
    ("2020", "Public_AR_Census2020", "Public Address Ranges - Census 2020 Benchmark"),
)

View = Callable[[HttpRequest], HttpResponse]


def _words(text: str) -> frozenset[str]:
    return frozenset(ABBREVIATIONS.get(word, word) for word in re.findall(r"\w+", text.casefold()))


@dataclass(frozen=True)
class _Entry:
    """A place; `ranges` is the address as the Census writes it, empty for what it does not know."""

    osm_type: str
    osm_id: int
    kind: str
    country: str
    lat: float
    lon: float
    name: str
    ranges: str = ""

    def fits(self, query: str) -> bool:
        wanted = _words(query)
        return bool(wanted) and wanted <= _words(f"{self.name} {self.ranges}")

    def of_nominatim(self) -> dict[str, Any]:
        """As jsonv2, without the address in parts."""
        return {
            "place_id": self.osm_id % 1000,
            "licence": "Data © OpenStreetMap contributors, ODbL 1.0. http://osm.org/copyright",
            "osm_type": self.osm_type,
            "osm_id": self.osm_id,
            "lat": f"{self.lat:.7f}",
            "lon": f"{self.lon:.7f}",
            "category": "place",
            "type": self.kind,
            "place_rank": 30,
            "importance": 0.1,
            "addresstype": self.kind,
            "name": self.name.partition(",")[0],
            "display_name": self.name,
            "boundingbox": [f"{self.lat:.7f}", f"{self.lat:.7f}", f"{self.lon:.7f}", f"{self.lon:.7f}"],
        }

    def of_census(self) -> dict[str, Any]:
        """As a match."""
        return {
            "tigerLine": {"side": "L", "tigerLineId": str(self.osm_id)},
            "coordinates": {"x": self.lon, "y": self.lat},
            "addressComponents": {},
            "matchedAddress": self.ranges,
        }


ENTRIES = (
    _Entry(
        *("way", 238241022, "building", "us", 38.8976998, -77.0365532),
        "White House, 1600, Pennsylvania Avenue Northwest, Washington, District of Columbia, 20500, United States",
        "1600 PENNSYLVANIA AVE NW, WASHINGTON, DC, 20500",
    ),
    _Entry(
        *("way", 210091091, "building", "us", 41.8837965, -87.6318725),
        "City Hall, 121, North LaSalle Street, Chicago, Cook County, Illinois, 60602, United States",
        "121 N LASALLE ST, CHICAGO, IL, 60602",
    ),
    _Entry(
        *("node", 1000000001, "house", "us", 39.8017, -89.6437),
        "100, Main Street, Springfield, Illinois, 62701, United States",
        "100 MAIN ST, SPRINGFIELD, IL, 62701",
    ),
    _Entry(
        *("node", 1000000002, "house", "us", 42.1015, -72.5898),
        "100, Main Street, Springfield, Massachusetts, 01105, United States",
        "100 MAIN ST, SPRINGFIELD, MA, 01105",
    ),
    _Entry(
        *("way", 518071791, "building", "de", 52.5162699, 13.3777034),
        "Brandenburger Tor, 1, Pariser Platz, Mitte, Berlin, 10117, Deutschland",
    ),
)


def _polite(view: View) -> View:
    """Like the public server, which blocks who does not say who it is."""

    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponse:
        agent = request.headers.get("User-Agent", "")
        if not agent or agent.startswith(("python-", "curl/", "Java/")):
            return HttpResponse("<html><h1>Access blocked</h1></html>", status=403)
        return view(request)

    return guarded


def _refused(message: str) -> HttpResponse:
    return JsonResponse({"error": {"code": 400, "message": message}}, status=400)


def _bad_format(request: HttpRequest) -> HttpResponse | None:
    if request.GET.get("format", "jsonv2") == "jsonv2":
        return None
    text = f"ERROR 400: Parameter 'format' must be one of: {FORMATS}"
    return HttpResponse(text, status=400, content_type="text/plain; charset=utf-8")


@_polite
def search(request: HttpRequest) -> HttpResponse:
    """Every word of the query must be in the place's name."""
    if refusal := _bad_format(request):
        return refusal
    query, limit = request.GET.get("q"), request.GET.get("limit", "10")
    if query is None:
        return _refused("Nothing to search for.")
    if not limit.isdecimal():
        return _refused("Parameter 'limit' must be a number.")
    countries = [code for code in request.GET.get("countrycodes", "").split(",") if code]
    found = [e.of_nominatim() for e in ENTRIES if e.fits(query) and (not countries or e.country in countries)]
    return JsonResponse(found[: int(limit)], safe=False)


@_polite
def reverse(request: HttpRequest) -> HttpResponse:
    """The first place that is near."""
    if refusal := _bad_format(request):
        return refusal
    for name in ("lon", "lat"):
        if name not in request.GET:
            return _refused(f"Parameter '{name}' missing.")
    try:
        lat, lon = float(request.GET["lat"]), float(request.GET["lon"])
    except ValueError:
        return _refused("Parameter 'lat' must be a number.")
    near = (e for e in ENTRIES if abs(e.lat - lat) < NEAR and abs(e.lon - lon) < NEAR)
    return JsonResponse(next((e.of_nominatim() for e in near), {"error": "Unable to geocode"}))


@_polite
def status(request: HttpRequest) -> HttpResponse:
    """Always well."""
    if request.GET.get("format", "text") == "text":
        return HttpResponse("OK", content_type="text/plain; charset=utf-8")
    said = {"status": 0, "message": "OK", "data_updated": "2026-01-05T08:00:00+00:00"}
    return JsonResponse({**said, "software_version": "5.3.3-0", "database_version": "5.3.3-0"})


def _census_refusal(*errors: str) -> HttpResponse:
    return JsonResponse({"errors": errors, "status": "400"}, status=400)


def _is_offered(benchmark: str | None) -> bool:
    return any(benchmark in (number, name) for number, name, _ in BENCHMARKS)


def benchmarks(request: HttpRequest) -> HttpResponse:
    """The editions of the address ranges."""
    rows = [
        {"id": number, "benchmarkName": name, "benchmarkDescription": about, "isDefault": number == "4"}
        for number, name, about in BENCHMARKS
    ]
    return JsonResponse({"benchmarks": rows})


def onelineaddress(request: HttpRequest) -> HttpResponse:
    """Without `format=json` it answers with a page."""
    if request.GET.get("format") != "json":
        return HttpResponse("<html><h1>Find Locations Using One Line Address</h1></html>")
    address, benchmark = request.GET.get("address", "").strip(), request.GET.get("benchmark")
    if not _is_offered(benchmark):
        return _census_refusal("Invalid benchmark in request")
    if not 0 < len(address) <= LONGEST_ADDRESS:
        return _census_refusal(f"Address cannot be empty and cannot exceed {LONGEST_ADDRESS} characters")
    given = {"address": {"address": address}, "benchmark": {"benchmarkName": benchmark}}
    matches = [entry.of_census() for entry in _of_census(address)]
    return JsonResponse({"result": {"input": given, "addressMatches": matches}})


def _of_census(address: str) -> list[_Entry]:
    """It finds house numbers in streets, and nothing else."""
    return [e for e in ENTRIES if e.ranges and re.match(r"\d", address) and e.fits(address)]


def addressbatch(request: HttpRequest) -> HttpResponse:
    """Answers in the opposite order, and leaves out lines that have not five columns."""
    upload = request.FILES.get("addressFile")
    if upload is None or not _is_offered(request.POST.get("benchmark")):
        return _census_refusal("Required parameters are benchmark and addressFile")
    lines = list(csv.reader(io.StringIO(upload.read().decode(), newline="")))
    if len(lines) > MOST_ROWS:
        return _census_refusal(f"The file holds more than {MOST_ROWS} records")
    text = io.StringIO()
    rows = [_batch_row(line[0], ", ".join(line[1:])) for line in reversed(lines) if len(line) == 5]
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)
    return HttpResponse(text.getvalue(), content_type="text/plain")


def _batch_row(number: str, address: str) -> list[str]:
    found = _of_census(address)
    if len(found) != 1:
        return [number, address, "Tie" if found else "No_Match"]
    match = found[0]
    precision = "Exact" if _words(address) == _words(match.ranges) else "Non_Exact"
    return [number, address, "Match", precision, match.ranges, f"{match.lon},{match.lat}", str(match.osm_id), "L"]


urlpatterns = [
    path("search", search),
    path("reverse", reverse),
    path("status", status),
    path("benchmarks", benchmarks),
    path("locations/onelineaddress", onelineaddress),
    path("locations/addressbatch", addressbatch),
]
