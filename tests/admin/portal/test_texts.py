import re
import string
import tomllib

import pytest

from admin.portal import pages
from admin.portal.languages import load
from admin.portal.texts import DEFAULT, LANGUAGES, choose
from admin.wifi.outcome import Failure
from tests.admin.portal.site import FOLDER


def table(language: str) -> dict[str, str]:
    return tomllib.loads((FOLDER / f"languages/{language}.toml").read_text())


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


ENGLISH = table(DEFAULT)


def test_there_is_a_file_for_each_language_and_no_other() -> None:
    assert {path.stem for path in (FOLDER / "languages").glob("*.toml")} == set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_text_with_the_same_fields(language: str) -> None:
    texts = table(language)
    assert list(texts) == list(ENGLISH)
    assert {key: fields(text) for key, text in texts.items()} == {key: fields(t) for key, t in ENGLISH.items()}
    assert all(text == text.strip() and text for text in texts.values())


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != DEFAULT])
def test_every_text_is_translated(language: str) -> None:
    same = {key for key, text in table(language).items() if text == ENGLISH[key]}
    assert same <= {"password"}  # in Italian, too


def test_every_text_is_used_and_every_failure_has_one() -> None:
    source = "".join((FOLDER / name).read_text() for name in ("pages.py", "site.py"))
    used = set(re.findall(r'"([a-z_]+)"', source)) | {
        f"strength_{bars}" for bars in range(1, len(pages._BARS) + 1)
    }
    assert set(ENGLISH) - used == set(Failure)


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("*", "en"),
        ("de", "de"),
        ("DE-de", "de"),
        ("pt-BR,pt;q=0.9,en;q=0.8", "pt"),
        ("fi, sv;q=0.9, nl;q=0.8, en;q=0.7", "nl"),
        ("en;q=0.5, fr;q=0.6", "fr"),
        ("de;q=0, it;q=0.1", "it"),
        ("de;q=0", "en"),
        ("zh-Hant-TW, es-419;q=0.9", "es"),
        ("de;q=2", "en"),
        ("de;q=nan", "en"),
        (";;;,,,=", "en"),
        (",".join(["xx"] * 1000 + ["de"]), "en"),
        ("../../etc/passwd", "en"),
    ],
)
def test_the_browser_chooses_the_language(accepted: str, language: str) -> None:
    assert choose(accepted) == language


def test_a_text_is_escaped_and_so_are_its_fields() -> None:
    assert load("fr")("title") == "Configuration du wifi"
    assert load("en")("failed", network="<b>") == "&lt;b&gt;: not connected"
