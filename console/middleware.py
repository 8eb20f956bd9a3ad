"""Three closed doors that Django 5.2 does not close by itself."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import resolve_url
from django.utils.http import urlencode

GetResponse = Callable[[HttpRequest], HttpResponseBase]

# 'unsafe-eval' because Alpine and htmx, which Unfold is built on, compile expressions at run time;
# 'unsafe-inline' styles because Unfold writes its theme colours into one. Scripts are only our own.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; object-src 'none'; base-uri 'self'; form-action 'self'; "
    "frame-src 'self'; frame-ancestors 'self'"
)


def content_security_policy(get_response: GetResponse) -> GetResponse:
    """Add the Content-Security-Policy to every answer that does not bring a stricter one."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        return response

    return middleware


def htmx_login_redirect(get_response: GetResponse) -> GetResponse:
    """Send the whole page to the login form when a live fragment meets an expired session.

    htmx would follow the redirect itself and put the login form inside the fragment.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if "HX-Request" not in request.headers or response.status_code != 302:
            return response
        login = resolve_url("admin:login")
        if urlsplit(response.headers["Location"]).path != login:
            return response
        page = urlsplit(request.headers.get("HX-Current-URL", "")).path or resolve_url("admin:index")
        return HttpResponse(headers={"HX-Redirect": f"{login}?{urlencode({'next': page})}"})

    return middleware
