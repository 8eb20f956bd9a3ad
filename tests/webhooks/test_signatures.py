"""Published vectors and an oracle for every scheme, and whatever else a header can hold."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from standardwebhooks import Webhook

from integrations.systems.deliveries import Cause, Delivery, Refused
from integrations.webhooks.schemes import Basic, Bearer, ClientCertificate, Scheme, Signed, Token, Unverified
from integrations.webhooks.schemes.senders import GHOST, GITHUB, SENDERS, SHOPIFY, SLACK, STANDARD, STRIPE, SVIX
from integrations.webhooks.schemes.signed import TOLERANCE_S

NOW = 1_770_000_000.0
SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
BODY = b'{"type": "lamp.lit", "id": "evt_1"}'

SLACK_BODY = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
    b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
    b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
    b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
)
VECTORS: dict[str, tuple[Scheme, str, float, bytes, dict[str, str]]] = {
    # https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries#testing-the-webhook-payload-validation
    "github": (
        GITHUB,
        "It's a Secret to Everybody",
        NOW,
        b"Hello, World!",
        {"x-hub-signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"},
    ),
    # https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
    "standard": (
        STANDARD,
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        1614265330,
        b'{"test": 2432232314}',
        {
            "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
            "webhook-timestamp": "1614265330",
            "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        },
    ),
    # https://docs.svix.com/receiving/verifying-payloads/how-manual
    "svix": (
        SVIX,
        "whsec_plJ3nmyCDGBKInavdOK15jsl",
        1731705121,
        b'{"event_type":"ping","data":{"success":true}}',
        {
            "svix-id": "msg_loFOjxBNrRLzqYUf",
            "svix-timestamp": "1731705121",
            "svix-signature": "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=",
        },
    ),
    # Made with Stripe's own library for Python, 16.1.0, which believes it: their pages show none.
    "stripe": (
        STRIPE,
        "whsec_test_secret",
        NOW,
        b'{"id": "evt_1", "object": "event"}',
        {
            "stripe-signature": "t=1770000000,v1=63ec6d77d1ce04f4b19439e4549eddec5ddf802ea6060e7b921916b3efd94135",
        },
    ),
    # https://docs.slack.dev/authentication/verifying-requests-from-slack
    "slack": (
        SLACK,
        "8f742231b10e8888abcd99yyyzzz85a5",
        1531420618,
        SLACK_BODY,
        {
            "x-slack-request-timestamp": "1531420618",
            "x-slack-signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
        },
    ),
}
SIGNED: dict[str, Signed] = {
    "github": GITHUB,
    "standard": STANDARD,
    "svix": SVIX,
    "stripe": STRIPE,
    "shopify": SHOPIFY,
    "slack": SLACK,
    "ghost": GHOST,
    "sha512": Signed("x-signature", algorithm="sha512", encoding="base64"),
    "sha1": Signed("x-signature", algorithm="sha1", prefix="sha1="),
    "own words": Signed("x-signature", template="{id}|{body}|{timestamp}", timestamp="x-time", id="x-id"),
}
SHOWN: dict[str, Scheme] = {
    "token": Token("x-token"),
    "bearer": Bearer(),
    "basic": Basic(),
    "certificate": ClientCertificate("x-client-fingerprint"),
}
TIMED = {name: scheme for name, scheme in SIGNED.items() if scheme.timestamp}

ALL: dict[str, Scheme] = {**SIGNED, **SHOWN}

every_signature = pytest.mark.parametrize("scheme", SIGNED.values(), ids=SIGNED)
every_scheme = pytest.mark.parametrize("scheme", ALL.values(), ids=ALL)


def sent(scheme: Scheme, body: bytes = BODY, secret: str = SECRET, at: float = NOW) -> Delivery:
    return Delivery(scheme.sign(body, secret, "msg_1", at), body, through_proxy=True)


def cause(scheme: Scheme, delivery: Delivery, secrets: Sequence[str] = (SECRET,), at: float = NOW) -> str:
    """Why it is refused; empty where it is believed."""
    try:
        scheme.check(delivery, secrets, at)
    except Refused as reason:
        return reason.cause
    return ""


def flips(data: bytes) -> Iterator[bytes]:
    for place in range(len(data)):
        changed = bytearray(data)
        changed[place] ^= 1
        yield bytes(changed)


@pytest.mark.parametrize("name", VECTORS)
def test_a_published_vector_is_accepted_and_nothing_that_differs_in_a_byte(name: str) -> None:
    scheme, secret, at, body, headers = VECTORS[name]
    assert cause(scheme, Delivery(headers, body), [secret], at) == ""
    assert {cause(scheme, Delivery(headers, flipped), [secret], at) for flipped in flips(body)} == {Cause.WRONG}
    for header, value in headers.items():
        for flipped in flips(value.encode()):
            assert cause(scheme, Delivery({**headers, header: flipped.decode("latin-1")}, body), [secret], at), flipped


def test_the_library_of_standard_webhooks_believes_what_we_sign_and_we_what_it_signs() -> None:
    now = datetime.now(tz=UTC).replace(microsecond=0)
    theirs = {
        "webhook-id": "msg_2",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(SECRET).sign("msg_2", now, BODY.decode()),
    }
    assert cause(STANDARD, Delivery(theirs, BODY), at=now.timestamp()) == ""
    ours = STANDARD.sign(BODY, SECRET, "msg_2", now.timestamp())
    assert ours == theirs
    assert Webhook(SECRET).verify(BODY, ours) == json.loads(BODY)
    svix = {name.replace("webhook-", "svix-"): value for name, value in theirs.items()}
    assert cause(SVIX, Delivery(svix, BODY), at=now.timestamp()) == ""


def test_stripe_and_shopify_sign_as_their_pages_say() -> None:
    hexadecimal = hmac.new(SECRET.encode(), f"{NOW:.0f}.".encode() + BODY, hashlib.sha256).hexdigest()
    assert STRIPE.sign(BODY, SECRET, "", NOW) == {"stripe-signature": f"t={NOW:.0f},v1={hexadecimal}"}
    # printf '{"a":1}' | openssl dgst -sha256 -hmac hush -binary | base64
    shopify = {"x-shopify-hmac-sha256": "3+Yq/TpwjqJ7IXuMq8EfED7b+y0XbokqOKLUdagDxMI="}
    assert SHOPIFY.sign(b'{"a":1}', "hush", "", NOW) == shopify


@every_scheme
def test_what_is_signed_is_believed_with_either_of_two_secrets_and_no_other(scheme: Scheme) -> None:
    other = "whsec_" + "b3RoZXIgc2VjcmV0IG9mIHRoZSB0ZXN0cw=="
    for valid in ([SECRET], [other, SECRET], [SECRET, other], ["", SECRET]):
        assert cause(scheme, sent(scheme), valid) == ""
    assert cause(scheme, sent(scheme), [other]) == Cause.WRONG
    for none in ([], [""]):
        assert cause(scheme, sent(scheme), none) == Cause.NO_SECRET


@every_signature
def test_one_flipped_byte_of_the_body_is_refused(scheme: Signed) -> None:
    delivery = sent(scheme)
    assert {cause(scheme, replace(delivery, body=body)) for body in flips(BODY)} == {Cause.WRONG}


@every_scheme
def test_one_flipped_byte_of_any_header_is_refused(scheme: Scheme) -> None:
    delivery = sent(scheme)
    for name, value in delivery.headers.items():
        for flipped in flips(value.encode()):
            changed = {**delivery.headers, name: flipped.decode("latin-1")}
            assert cause(scheme, replace(delivery, headers=changed)), (name, flipped)


@every_scheme
def test_a_missing_or_empty_header_is_named(scheme: Scheme) -> None:
    delivery = sent(scheme)
    for name in delivery.headers:
        for value in ("", "  "):
            assert cause(scheme, replace(delivery, headers={**delivery.headers, name: value})) == Cause.MISSING
        without = {other: value for other, value in delivery.headers.items() if other != name}
        with pytest.raises(Refused, match=name):
            scheme.check(replace(delivery, headers=without), [SECRET], NOW)


@pytest.mark.parametrize("scheme", TIMED.values(), ids=TIMED)
@pytest.mark.parametrize(("shift", "expected"), [(-301, "old"), (-299, ""), (0, ""), (299, ""), (301, "old")])
def test_a_signed_moment_is_good_for_five_minutes_both_ways(scheme: Signed, shift: int, expected: str) -> None:
    assert TOLERANCE_S == 300
    assert cause(scheme, sent(scheme, at=NOW + shift)) == expected


@pytest.mark.parametrize("moment", ["soon", "-5", "1e9", "٣", "9" * 16, "1770000000.5"])
def test_a_moment_that_is_no_number_is_refused_although_it_is_signed(moment: str) -> None:
    key = SLACK.signature(SECRET.encode(), f"v0:{moment}:".encode() + BODY)
    wire = moment.encode().decode("latin-1")
    headers = {"x-slack-request-timestamp": wire, "x-slack-signature": f"v0={key}"}
    assert cause(SLACK, Delivery(headers, BODY)) == Cause.MALFORMED


def test_several_signatures_in_one_header_are_all_looked_at() -> None:
    one, other = (STANDARD.sign(BODY, secret, "msg_1", NOW) for secret in (SECRET, "whsec_b3RoZXI="))
    both = f"v1a,xyz {other['webhook-signature']} {one['webhook-signature']} v2,zzz"
    assert cause(STANDARD, Delivery({**one, "webhook-signature": both}, BODY)) == ""
    stripe = STRIPE.sign(BODY, SECRET, "", NOW)["stripe-signature"]
    assert cause(STRIPE, Delivery({"stripe-signature": f"{stripe},v1={'0' * 64},v0=abc"}, BODY)) == ""
    assert cause(STRIPE, Delivery({"stripe-signature": f"{stripe},t=1"}, BODY)) == Cause.MALFORMED


@pytest.mark.parametrize("secret", ["whsec_", "whsec_!!!", "whsec_a"])
def test_a_key_that_is_no_base64_believes_nobody(secret: str) -> None:
    assert cause(STANDARD, sent(STANDARD), [secret]) == Cause.NO_SECRET


def test_a_template_without_the_body_believes_nobody() -> None:
    blind = Signed("x-signature", template="always the same")
    assert cause(blind, sent(blind)) == Cause.MALFORMED


def test_a_certificate_counts_only_through_the_proxy() -> None:
    scheme = SHOWN["certificate"]
    assert cause(scheme, replace(sent(scheme), through_proxy=False)) == Cause.ROUND_THE_PROXY


def test_without_verification_everybody_is_believed() -> None:
    assert cause(Unverified(), Delivery({}, b""), []) == ""


@every_scheme
def test_no_naughty_header_is_believed_or_breaks_anything_else(scheme: Scheme, shared_data: Path) -> None:
    strings = json.loads((shared_data / "strings" / "blns.json").read_text())
    prefix, good = getattr(scheme, "prefix", ""), sent(scheme)
    proofs: Mapping[str, str] = {name: prefix if name == getattr(scheme, "header", "") else "" for name in good.headers}
    for name, start in proofs.items():
        for text in (*strings, *(start + each for each in strings[::3] if start)):
            wire = text.encode("utf-8", "surrogatepass").decode("latin-1")
            assert cause(scheme, replace(good, headers={**good.headers, name: wire})), (name, text)


def test_every_secret_is_compared_wherever_the_right_one_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    compared, real = list[bytes](), hmac.compare_digest

    def counting(one: bytes, other: bytes) -> bool:
        compared.append(other)
        return real(one, other)

    monkeypatch.setattr(hmac, "compare_digest", counting)
    for valid in ([SECRET, "other"], ["other", SECRET]):
        assert cause(GITHUB, sent(GITHUB), valid) == ""
    assert len(compared) == 4


def test_every_known_sender_says_where_its_deliveries_tell_what_they_are() -> None:
    for name, sender in SENDERS.items():
        assert sender.id_header or sender.id_path or name in {"ghost", "meta"}
        assert sender.id_header == sender.id_header.lower()
        assert sender.type_header == sender.type_header.lower()
