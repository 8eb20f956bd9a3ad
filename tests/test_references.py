"""A reference leads to what was set for a service, and never to what the console keeps for itself."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from django.conf import settings as real
from pytest_django import Settings

from integrations import references
from integrations.references import Broken


@pytest.fixture
def folder(tmp_path: Path, settings: Settings) -> Path:
    """The folder for secrets, with one in it and one beside it."""
    inside = tmp_path / "secrets"
    inside.mkdir()
    (inside / "token").write_text("from a file\n")
    (tmp_path / "private").write_text("the console's own")
    settings.CREDENTIAL_FILES = inside
    return inside


def test_a_variable_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN_OF_THE_TESTS", "from the environment")
    assert references.follow("env:TOKEN_OF_THE_TESTS") == "from the environment"


def test_a_file_is_read_without_the_line_end_an_editor_leaves(folder: Path) -> None:
    assert references.follow(f"file:{folder}/token") == "from a file"


def test_a_link_inside_the_folder_is_followed_as_container_platforms_make_them(folder: Path) -> None:
    (folder / "..data").mkdir()
    (folder / "..data" / "real").write_text("behind a link")
    (folder / "link").symlink_to("..data/real")
    assert references.follow(f"file:{folder}/link") == "behind a link"


def test_the_consoles_own_variables_are_all_refused() -> None:
    assert {"SECRET_KEY", "CREDENTIAL_KEYS", "DATABASE_URL", "REDIS_URL", "HEALTH_TOKEN"} < set(real.OWN_VARIABLES)
    assert "CONSOLE_ADMIN_PASSWORD" in real.OWN_VARIABLES
    assert os.environ["SECRET_KEY"]
    for name in (*real.OWN_VARIABLES, "PGPASSWORD"):
        assert references.objection(f"env:{name}").startswith(f"The variable {name} is the console's own.")
        with pytest.raises(Broken, match="the console's own"):
            references.follow(f"env:{name}")


@pytest.mark.parametrize("name", ["", " ", "A B", "1A", "A=B", "A\x00", "Ä", "SECRET_KEY ", "\nSECRET_KEY"])
def test_what_is_no_name_of_a_variable_is_refused(name: str) -> None:
    assert references.objection(f"env:{name}") == (
        "After env: comes the name of a variable, of letters, digits and underscores."
    )


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "token",
        "{folder}",
        "{folder}/",
        "{folder}/../private",
        "{folder}/./../private",
        "{folder}/outwards",
        "{folder}/up/private",
        "{folder}2/token",
        "{folder}/circle",
        "{folder}/a\x00b",
        "{folder}/" + "x" * 5000,
        "/etc/passwd",
        "/proc/self/environ",
        "//proc/self/environ",
        "~/.ssh/id_rsa",
    ],
)
def test_a_path_that_leaves_the_folder_is_refused(folder: Path, path: str) -> None:
    (folder / "outwards").symlink_to(folder.parent / "private")
    (folder / "up").symlink_to(folder.parent)
    (folder / "circle").symlink_to(folder / "circle")
    reference = f"file:{path.format(folder=folder)}"
    if not path.endswith("circle"):  # which later Pythons resolve to itself
        assert references.objection(reference)
    with pytest.raises(Broken) as failure:
        references.follow(reference)
    assert "own" not in str(failure.value)


def test_a_link_that_turns_outwards_later_is_refused_when_it_is_followed(folder: Path) -> None:
    (folder / "link").symlink_to(folder / "token")
    assert references.follow(f"file:{folder}/link") == "from a file"
    (folder / "link").unlink()
    (folder / "link").symlink_to(folder.parent / "private")
    with pytest.raises(Broken, match=f"Files are read from {folder} only"):
        references.follow(f"file:{folder}/link")


def test_what_leads_nowhere_may_be_stored_and_says_so_when_it_is_followed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "empty").write_text(" \n")
    (folder / "large").write_text("x" * (references.LARGEST + 1))
    (folder / "below").mkdir()
    os.mkfifo(folder / "pipe")
    monkeypatch.setenv("EMPTY_ONE", "")
    nowhere = ["env:NOT_SET_ANYWHERE", "env:EMPTY_ONE"]
    nowhere += [f"file:{folder}/{name}" for name in ("missing", "empty", "large", "below", "pipe", "token/below")]
    for reference in nowhere:
        assert references.objection(reference) == ""
        with pytest.raises(Broken, match=r"Nothing is there\. Set it where the console runs"):
            references.follow(reference)


def test_a_file_that_is_no_text_is_no_secret(folder: Path) -> None:
    (folder / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Broken, match="no text"):
        references.follow(f"file:{folder}/binary")


@pytest.mark.parametrize("text", ["", "a secret", "ENV:NAME", " env:NAME", "https://x", "environment"])
def test_anything_else_is_a_secret_and_no_reference(text: str) -> None:
    assert not references.is_reference(text)
