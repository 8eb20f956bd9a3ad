"""What each style asks."""

from __future__ import annotations

from tests.transport.conftest import Walk
from tests.transport.shelf import SIZE, Shelf


def test_the_styles_ask_as_their_vendors_want_it(shelf: Shelf, walked: Walk) -> None:
    shelf.fill(SIZE + 2)
    for kind in ("offset", "offset-from-1", "page-from-0", "continue", "link"):
        list(walked(kind))
    assert shelf.asked == [
        "/offset?limit=4&offset=0",
        "/offset?limit=4&offset=3",
        "/offset-from-1?_limit=4&_offset=1",
        "/offset-from-1?_limit=4&_offset=4",
        "/page-from-0?size=4&p=0",
        "/page-from-0?size=4&p=1",
        "/page-from-0?size=4&p=0",
        "/continue",
        f"/continue?cursor={shelf.rows[3].rank}&continue=-%7C%7C",
        "/link",
        f"/link/more?note=a,b;c&cursor={shelf.rows[3].rank}",
    ]
