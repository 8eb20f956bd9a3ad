"""A person at the console without a browser: plain HTTP, as any script could."""

from __future__ import annotations

import requests


def signed_in(url: str, name: str, password: str) -> requests.Session:
    """A session of this person; fails if the console does not let them in."""
    session = requests.Session()
    login = f"{url}/admin/login/"
    session.get(login, timeout=10).raise_for_status()
    form = {"username": name, "password": password, "csrfmiddlewaretoken": session.cookies["csrftoken"]}
    answer = session.post(login, form, timeout=20, headers={"Referer": login})
    assert answer.ok, answer.text
    assert answer.url == f"{url}/admin/", f"{name} is not let in"
    return session
