"""Pages as strangers write them, and an API that answers as Microlink does.

https://microlink.io/docs/api/getting-started/overview
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path

OPTIONS = {"probe_url": "{base_url}/page/", "api_url": "{base_url}/api/?url={url}"}

TITLE = "Night trains & their timetables"
DESCRIPTION = "Those who use them daily notice the change last."
SITE = "The Sandbox Gazette"
OPEN_GRAPH = f"""<!DOCTYPE html>
<html lang="en" prefix="og: https://ogp.me/ns#">
<head>
<meta charset="utf-8">
<title>{SITE}: front page</title>
<meta property="og:title" content="Night trains &amp; their timetables">
<meta property="og:type" content="article">
<meta property="og:description" content="{DESCRIPTION}">
<meta property="og:site_name" content="{SITE}">
<meta property="og:url" content="../page/">
<meta property="og:image" content="/opengraph/cover.png">
<meta property="og:image:width" content="1200">
<meta property="og:image:height" content="630">
<meta property="og:image:alt" content="A train at dawn">
<meta property="og:image" content="/opengraph/map.png">
</head>
<body><h1>Night trains</h1></body>
</html>
"""
TWITTER = f"""<!DOCTYPE html>
<head>
<title>{SITE}</title>
<meta name="twitter:title" content="Night trains &amp; their timetables">
<meta name="twitter:description" content="{DESCRIPTION}">
<meta name="twitter:image" content="../cover.png">
</head>
"""
PLAIN = f"""<!DOCTYPE html>
<title>Night trains &amp; their timetables</title>
<meta name="description" content="{DESCRIPTION}">
<link rel="canonical" href="/opengraph/page/">
<p>Nothing else.
"""
JAPANESE = '<meta charset="euc-jp"><title>夜行列車①</title>'


def page(request: HttpRequest) -> HttpResponse:
    """All that the Open Graph protocol has for a page."""
    return HttpResponse(OPEN_GRAPH)


def twitter(request: HttpRequest) -> HttpResponse:
    """A page with a card for Twitter alone."""
    return HttpResponse(TWITTER)


def plain(request: HttpRequest) -> HttpResponse:
    """A page that nobody made ready for sharing."""
    return HttpResponse(PLAIN)


def japanese(request: HttpRequest) -> HttpResponse:
    """An old page, whose header does not name its characters."""
    return HttpResponse(JAPANESE.encode("euc_jis_2004"), content_type="text/html")


def picture(request: HttpRequest) -> HttpResponse:
    """No page at all."""
    return HttpResponse(b"\x89PNG\r\n\x1a\n", content_type="image/png")


def moved(request: HttpRequest) -> HttpResponse:
    """Where the page was before."""
    return HttpResponse(status=301, headers={"Location": "../page/"})


def gone(request: HttpRequest) -> HttpResponse:
    """A page that will not come back."""
    return HttpResponse("<title>Gone</title>", status=410)


def api(request: HttpRequest) -> HttpResponse:
    """The same page, read by somebody else."""
    url = request.GET.get("url", "")
    if not url.startswith(("http://", "https://")):
        message = "The `url` parameter is not a valid URL."
        return JsonResponse({"status": "fail", "code": "EINVALURL", "message": message}, status=400)
    image = {"url": "https://cdn.example/cover.png", "width": 1200, "height": 630, "type": "png"}
    data = {"title": TITLE, "description": DESCRIPTION, "publisher": SITE, "image": image, "url": url}
    return JsonResponse({"status": "success", "data": data})


urlpatterns = [
    path("page/", page),
    path("twitter/", twitter),
    path("plain/", plain),
    path("japanese/", japanese),
    path("cover.png", picture),
    path("moved/", moved),
    path("gone/", gone),
    path("api/", api),
]
