"""A tax assessor that publishes its values with Socrata, or at any REST endpoint. The defaults are Cook County's."""

from integrations.systems.auth import ApiKey
from integrations.systems.base import Option, SecretField, StreamSpec, System

SOURCES = (("socrata", "Socrata (SODA 2.1)"), ("rest", "Any REST endpoint, one parcel at a time"))

SOCRATA, REST = {"source": ("socrata",)}, {"source": ("rest",)}

SYSTEM = System(
    slug="tax_assessor",
    label="Tax assessor (Socrata)",
    docs_url="https://dev.socrata.com/docs/queries/",
    base_url="https://datacatalog.cookcountyil.gov",
    options=(
        Option("source", "Source", kind="choice", default="socrata", choices=SOURCES, required=True),
        Option(
            "parcel_id_digits",
            "Digits of a parcel number",
            kind="integer",
            default=14,
            minimum=0,
            maximum=40,
            required=True,
            help="Dashes and spaces are left out and zeros put in front. With 0 it is sent as it is written.",
        ),
        Option(
            "assessments_dataset",
            "Data set of assessed values",
            default="uzyt-m557",
            help="Four-by-four id.",
            when=SOCRATA,
        ),
        Option("parcel_column", "Values: parcel column", default="pin", when=SOCRATA),
        Option("year_column", "Values: year column", default="year", when=SOCRATA),
        Option(
            "stages",
            "Stages",
            default="mailed, certified, board",
            help="In their order; the last one that has a total is taken. Empty where there are none.",
            when=SOCRATA,
        ),
        Option(
            "land_column",
            "Values: land column",
            default="{stage}_land",
            help="{stage} stands for each stage.",
            when=SOCRATA,
        ),
        Option("building_column", "Values: building column", default="{stage}_bldg", when=SOCRATA),
        Option("total_column", "Values: total column", default="{stage}_tot", when=SOCRATA),
        Option("parcels_dataset", "Data set of parcels", default="3723-97qp", help="Read by the stream.", when=SOCRATA),
        Option("parcels_parcel_column", "Parcels: parcel column", default="pin", when=SOCRATA),
        Option(
            "parcels_year_column",
            "Parcels: year column",
            default="year",
            help="Only rows of the latest year are read. Empty where each parcel has one row.",
            when=SOCRATA,
        ),
        Option("address_column", "Parcels: address column", default="prop_address_full", when=SOCRATA),
        Option("city_column", "Parcels: city column", default="prop_address_city_name", when=SOCRATA),
        Option("postal_code_column", "Parcels: postal code column", default="prop_address_zipcode_1", when=SOCRATA),
        Option("latitude_column", "Parcels: latitude column", help="May also be a location or point.", when=SOCRATA),
        Option("longitude_column", "Parcels: longitude column", help="May also be a location or point.", when=SOCRATA),
        Option(
            "parcels_where",
            "Parcels: filter",
            help="SoQL for $where, for example: township_name = 'Lake View'",
            when=SOCRATA,
        ),
        Option(
            "page_size",
            "Page size",
            kind="integer",
            default=1000,
            minimum=1,
            maximum=50_000,
            required=True,
            when=SOCRATA,
        ),
        Option("rest_path", "REST: path of a parcel", help="For example: /parcels/{parcel_id}", when=REST),
        Option("year_path", "REST: year", kind="json_path", default="year", when=REST),
        Option("land_path", "REST: land value", kind="json_path", default="land", when=REST),
        Option("building_path", "REST: building value", kind="json_path", default="building", when=REST),
        Option("total_path", "REST: total value", kind="json_path", default="total", when=REST),
        Option("stage_path", "REST: stage", kind="json_path", when=REST),
        Option(
            "check_parcel_id",
            "REST: parcel to check with",
            help="One that exists; health checks ask for it.",
            when=REST,
        ),
    ),
    secrets=(SecretField("app_token", "App token", help="Without one Socrata counts the calls of all per address."),),
    auth=ApiKey("app_token", header="X-App-Token"),
    streams=(StreamSpec("parcels", "Parcels", model="Property"),),
)
