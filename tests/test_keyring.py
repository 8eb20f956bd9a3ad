"""A ciphertext is read with the right key, in the right place, or not at all."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from integrations import keyring
from integrations.keyring import Context, Misplaced, Unreadable

PLACE: Context = ("token", 7, "access")
OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


@given(secret=st.text(), place=st.tuples(st.text(), st.integers()))
def test_what_goes_in_comes_out_where_it_was_put(secret: str, place: Context) -> None:
    ciphertext = keyring.encrypt(place, secret)
    assert keyring.decrypt(place, ciphertext) == secret
    assert keyring.decrypt(place, keyring.renew(place, ciphertext)) == secret


def test_equal_secrets_have_different_ciphertexts() -> None:
    assert keyring.encrypt(PLACE, "same") != keyring.encrypt(PLACE, "same")


@pytest.mark.parametrize("other", [(), ("token", 8, "access"), ("token", 7), ("token", "7", "access"), (7, "token")])
def test_another_place_is_refused(other: Context) -> None:
    ciphertext = keyring.encrypt(PLACE, "canary")
    for read in (keyring.decrypt, keyring.renew):
        with pytest.raises(Misplaced, match="was stored for another place") as failure:
            read(other, ciphertext)
        assert "canary" not in str(failure.value)


@pytest.mark.parametrize("damaged", ["", "nonsense", "gAAAAA", "\N{PILE OF POO}", "\ud800"])
def test_what_is_no_ciphertext_is_refused(damaged: str) -> None:
    with pytest.raises(Unreadable, match="cannot be decrypted"):
        keyring.decrypt(PLACE, damaged)
    assert not keyring.is_newest(damaged)


@pytest.mark.parametrize("position", [0, 9, 40, 90, -8])
def test_a_flipped_character_is_noticed(position: int) -> None:
    text = list(keyring.encrypt(PLACE, "canary"))
    text[position] = "B" if text[position] == "A" else "A"
    with pytest.raises(Unreadable):
        keyring.decrypt(PLACE, "".join(text))


def test_every_key_of_the_ring_reads_and_the_first_one_writes(settings: Settings) -> None:
    settings.CREDENTIAL_KEYS = (OLD,)
    old = keyring.encrypt(PLACE, "canary")
    settings.CREDENTIAL_KEYS = (NEW, OLD)
    assert keyring.decrypt(PLACE, old) == "canary"
    renewed = keyring.renew(PLACE, old)
    assert (keyring.is_newest(old), keyring.is_newest(renewed)) == (False, True)
    settings.CREDENTIAL_KEYS = (NEW,)
    assert keyring.decrypt(PLACE, renewed) == "canary"
    with pytest.raises(Unreadable, match="with the keys in CREDENTIAL_KEYS"):
        keyring.decrypt(PLACE, old)


def test_without_a_key_nothing_is_read_or_written_and_that_is_said(settings: Settings) -> None:
    ciphertext = keyring.encrypt(PLACE, "canary")
    settings.CREDENTIAL_KEYS = ()
    assert not keyring.has_keys()
    assert not keyring.is_newest(ciphertext)
    for act in (keyring.encrypt, keyring.decrypt, keyring.renew):
        with pytest.raises(Unreadable, match="CREDENTIAL_KEYS is empty"):
            act(PLACE, ciphertext)


def test_a_fingerprint_tells_secrets_apart_and_needs_the_consoles_own_key(settings: Settings) -> None:
    found = keyring.fingerprint(PLACE, "one")
    assert found == keyring.fingerprint(PLACE, "one")
    assert len(found) == 8
    assert found not in {keyring.fingerprint(PLACE, "two"), keyring.fingerprint(("other",), "one")}
    settings.SECRET_KEY = "another key of the tests " * 3
    assert keyring.fingerprint(PLACE, "one") != found
