"""Geocoding by Nominatim, of one's own or the public one, or by the US Census Bureau."""

from integrations.systems.base import Option, System
from integrations.transport.limits import Limits

SYSTEM = System(
    slug="geocoding",
    label="Geocoding",
    docs_url="https://nominatim.org/release-docs/latest/api/Overview/",
    base_url="https://nominatim.openstreetmap.org",
    options=(
        Option(
            "provider",
            "Provider",
            kind="choice",
            default="nominatim",
            choices=(("nominatim", "Nominatim (OpenStreetMap)"), ("census", "US Census Geocoder")),
            required=True,
            help="The base URL of the Census is https://geocoding.geo.census.gov/geocoder",
        ),
        Option(
            "contact",
            "Contact",
            default="",
            help="E-mail address or web page, sent in the User-Agent. The public Nominatim blocks who cannot be asked.",
            when={"provider": ("nominatim",)},
        ),
        Option(
            "country_codes",
            "Countries",
            default="",
            help="For example: us,ca. Empty for all.",
            when={"provider": ("nominatim",)},
        ),
        Option("benchmark", "Benchmark", default="Public_AR_Current", required=True, when={"provider": ("census",)}),
    ),
    limits=Limits(per_second=1),  # https://operations.osmfoundation.org/policies/nominatim/
)
