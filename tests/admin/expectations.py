"""Who may reach which page: one line for each address of the admin. A new page without a line fails the matrix."""

from __future__ import annotations

from dataclasses import dataclass, replace

NOBODY = ""
ROOT = "root"
MANAGES = "manager root"
ACTS = "operator manager root"
SEES = "viewer operator manager root"
STAFF = "stranger viewer operator manager root"


@dataclass(frozen=True)
class Page:
    """Who may ask for a page and who may send to it; everybody else is refused.

    Attributes:
        got, posted: statuses for those who may.
        needs: what of the row the address takes: "" none, "pk" its key.
        refused: status for staff who may not.
    """

    gets: str
    posts: str
    got: int = 200
    posted: int = 200
    needs: str = "pk"
    refused: int = 403


def _model(sees: str, adds: str, changes: str, deletes: str, **others: Page) -> dict[str, Page]:
    """The pages that Django makes for every model. An empty form is answered with its errors, which is a 200."""
    return {
        "changelist": Page(sees, sees, needs=""),
        "add": Page(adds, adds, needs=""),
        "history": Page(sees, sees),
        "delete": Page(deletes, deletes, posted=302),
        "change": Page(sees, changes),
        **others,
    }


def _log(**others: Page) -> dict[str, Page]:
    return _model(SEES, NOBODY, NOBODY, NOBODY, **others)


def _does(who: str) -> Page:
    return Page(who, who)


LIVE = Page(SEES, SEES, refused=404)
TRY = Page(MANAGES, MANAGES, got=405, posted=404)  # an empty form does not say what to try
EXPORT = Page(ACTS, ACTS, needs="")
LOCKED = _model(ROOT, NOBODY, NOBODY, NOBODY)
MODELS: dict[str, dict[str, Page]] = {
    "auth_user": _model(ROOT, ROOT, ROOT, ROOT, password_change=Page(ROOT, ROOT)),
    "auth_group": _model(ROOT, ROOT, ROOT, ROOT),
    "django_q_ormq": LOCKED,
    "django_q_schedule": LOCKED,
    "django_q_failure": LOCKED,
    "integrations_call": _log(export=EXPORT, live=LIVE, call_again=_does(ACTS)),
    "integrations_change": _log(),
    "integrations_recorderror": _log(retry_this=_does(ACTS), skip=_does(ACTS), count_again=_does(ACTS)),
    "integrations_incident": _log(
        live=LIVE, **{verb: _does(ACTS) for verb in ("acknowledge", "ignore", "watch", "resolve")}
    ),
    "integrations_settingschange": _log(roll_back=_does(MANAGES)),
    "integrations_essay": _log(export=EXPORT, live=LIVE, publish=_does(ACTS), restore=_does(ACTS)),
    "integrations_property": _log(export=EXPORT, geocode_missing=Page(ACTS, ACTS, needs=""), restore=_does(ACTS)),
    "integrations_geocodebatch": _log(live=LIVE, cancel=_does(ACTS)),
    "integrations_record": _log(export=EXPORT, restore=_does(ACTS)),
    "integrations_healthcheck": _log(export=EXPORT, live=LIVE),
    "integrations_syncrun": _log(
        export=EXPORT,
        live=LIVE,
        retry=_does(ACTS),
        run_again=_does(ACTS),
        cancel=_does(ACTS),
        approve=_does(ACTS),
        keep=_does(ACTS),
        restore_marked=_does(ACTS),
        apply_plan=_does(ACTS),
    ),
    "integrations_webhookevent": _log(
        export=EXPORT,
        live=LIVE,
        raw=Page(SEES, SEES, refused=404),
        now=Page(SEES, SEES, needs=""),
        replay=_does(ACTS),
        process=_does(ACTS),
        cancel=_does(ACTS),
        replay_all=Page(MANAGES, MANAGES, needs=""),
        cancel_all=Page(MANAGES, MANAGES, needs=""),
    ),
    "integrations_bulkoperation": _log(live=LIVE, cancel=_does(MANAGES)),
    "integrations_export": _log(live=LIVE, cancel=_does(ACTS), download=Page(NOBODY, NOBODY, refused=404)),
    "integrations_refuseddelivery": _log(verify_again=_does(ACTS), process_anyway=_does(ACTS)),
    "integrations_mediaattachment": _model(
        SEES,
        ACTS,
        ACTS,
        MANAGES,
        live=LIVE,
        validate_again=_does(ACTS),
        regenerate=_does(ACTS),
        quarantine=_does(ACTS),
        release=_does(MANAGES),
        tiles=Page(SEES, SEES, needs=""),
        original=Page(ACTS, ACTS),
        replace=Page(ACTS, ACTS),
        derivative=Page(SEES, SEES, got=404, posted=404, needs="file", refused=404),  # none has been made
    )
    | {"change": Page(SEES, ACTS, posted=302)},  # the description may be empty, so an empty form is a good one
    "integrations_stream": _model(
        SEES,
        NOBODY,
        MANAGES,
        NOBODY,
        export=EXPORT,
        live=LIVE,
        sync_now=_does(ACTS),
        sync_everything=_does(ACTS),
        pause=_does(ACTS),
        resume=_does(ACTS),
        preview=_does(ACTS),
        backfill=_does(ACTS),
        set_position=_does(MANAGES),
        forget_position=_does(MANAGES),
    ),
    "integrations_service": _model(
        SEES,
        MANAGES,
        MANAGES,
        NOBODY,
        live=LIVE,
        export=Page(MANAGES, MANAGES, needs=""),
        sync_now=_does(ACTS),
        check_now=_does(ACTS),
        pause_checks=_does(ACTS),
        resume_checks=_does(ACTS),
        close_circuit=_does(ACTS),
        hold_circuit_open=_does(ACTS),
        purge_cache=_does(ACTS),
        pause_events=_does(ACTS),
        resume_events=_does(ACTS),
        send_sample=_does(ACTS),
        verify_refused=_does(ACTS),
        **{"try": TRY, "import": Page(MANAGES, MANAGES, needs="")},
        try_new=replace(TRY, needs=""),
    ),
    "integrations_trial": {"live": _does(MANAGES)},
}
OTHERS = {
    "index": Page(STAFF, STAFF, needs=""),
    "login": Page(STAFF, STAFF, got=302, needs=""),  # they are signed in already
    "logout": Page(STAFF, STAFF, got=405, needs=""),
    "password_change": Page(STAFF, STAFF, needs=""),
    "password_change_done": Page(STAFF, STAFF, posted=405, needs=""),
    "jsi18n": Page(STAFF, STAFF, posted=405, needs=""),
    "search": Page(STAFF, STAFF, needs=""),
    "autocomplete": Page(NOBODY, STAFF, posted=405, needs=""),  # forms ask it for what a field offers
    "view_on_site": Page(NOBODY, NOBODY, needs="content type", refused=404),
    "app_list": Page(SEES, SEES, needs="app", refused=404),
}
EXPECTED = OTHERS | {f"{model}_{kind}": page for model, pages in MODELS.items() for kind, page in pages.items()}
