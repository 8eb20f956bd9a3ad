"""The options of any REST list: values only, so that a System's declaration may have them."""

from integrations.systems.base import Option

PAGINATION = (
    Option(
        "pagination",
        "Pagination",
        kind="choice",
        default="offset",
        choices=(
            ("offset", "Limit and offset"),
            ("page", "Page number"),
            ("cursor", "Cursor in the answer"),
            ("link", "Link header"),
            ("next_url", "Address of the next page in the answer"),
            ("none", "None: one answer holds the whole list"),
        ),
        required=True,
    ),
    Option("page_size", "Page size", kind="integer", default=20, minimum=1, maximum=10_000, required=True),
    Option("limit_name", "Limit parameter", default="limit", help="Empty where the API settles the size of a page."),
    Option("offset_name", "Offset parameter", default="offset", when={"pagination": ("offset",)}),
    Option("page_name", "Page parameter", default="page", when={"pagination": ("page",)}),
    Option("first_page", "First page", kind="integer", default=1, minimum=0, maximum=1, when={"pagination": ("page",)}),
    Option(
        "past_end",
        "A page past the end",
        kind="choice",
        default="empty",
        choices=(("empty", "is an empty list"), ("404", "is error 404"), ("400", "is error 400")),
        required=True,
        when={"pagination": ("offset", "page")},
    ),
    Option(
        "cursor_name",
        "Cursor parameter",
        default="cursor",
        help="Where the token is sent back.",
        when={"pagination": ("cursor",)},
    ),
    Option(
        "next_path",
        "Next",
        kind="json_path",
        default="next",
        help="Where the cursor or the next address is.",
        when={"pagination": ("cursor", "next_url")},
    ),
    Option(
        "items_path", "Items", kind="json_path", default="items", required=True, help="Where the list is; @ for all."
    ),
    Option("total_path", "Total", kind="json_path", help="How many there are in all, where the answer says so."),
)
