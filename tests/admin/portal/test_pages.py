"""What the pages say of a setup, and that no name of a network becomes HTML."""

import base64
import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from admin.portal.languages import load
from admin.portal.markup import ssid_text
from admin.portal.protocol import Nearby, Phase, Snapshot
from admin.portal.texts import LANGUAGES
from admin.wifi.networks import Security
from admin.wifi.outcome import Failure
from tests.admin.portal.site import PAGES, TOKEN, Page

HOSTILE = (
    b"<script>alert(1)</script>",
    b'"><img src=x onerror=alert()>',
    b"' onfocus=alert(1) autofocus='",
    b"</title><svg onload=alert(1)>",
    b"&lt;b&gt; {token} {0} %s",
    b"\xff\xfe\x00\r\n\x1b[31m",
    "\u202egnp.\u2066exe\u200f".encode(),
    b"${7*7}{{7*7}}<!--",
    "é".encode() * 16,
)

TEXTS = load("en")


def snapshot(phase: Phase, ssid: bytes, failure: Failure | None = None) -> Snapshot:
    kinds = (Security.OPEN, Security.WPA2, Security.ENTERPRISE)
    networks = tuple(Nearby(ssid[:31] + b"%d" % n, 90, kind) for n, kind in enumerate(kinds))
    return Snapshot(3, phase, ssid_text(ssid)[:32], networks, networks[0].ssid, failure)


def pages(ssid: bytes, language: str = "en") -> list[Page]:
    """Every page, with a network of this name wherever one can be."""
    texts = load(language)
    found = [PAGES.of(snapshot(phase, ssid), texts) for phase in Phase]
    for failure in Failure:
        choosing = snapshot(Phase.CHOOSING, ssid, failure)
        found.append(PAGES.of(choosing, texts))
        found += [PAGES.password(network, choosing, texts) for network in choosing.networks]
    found.append(PAGES.hidden(choosing, texts, ssid_text(ssid), texts("bad_name")))
    found.append(PAGES.notice("over", texts("over_note"), texts, again=True))
    return [Page(page) for page in found]


def shape(page: Page) -> list[tuple[str, tuple[str, ...]]]:
    """The tags of a page, with the names of their attributes."""
    return [(tag, tuple(attributes)) for tag, attributes in page.tags]


@pytest.mark.parametrize("ssid", HOSTILE)
def test_a_hostile_name_is_text_on_every_page(ssid: bytes) -> None:
    for page, harmless in zip(pages(ssid[:32]), pages(b"harmless"), strict=True):
        assert shape(page) == shape(harmless)
        assert page.source.count("<!--") == 0
    [row] = [a for a in pages(ssid[:32])[0].attributes("a") if "ssid" in str(a)][:1]
    assert re.fullmatch(r"/network\?ssid=[0-9a-f]{2,64}", str(row["href"]))


@given(st.binary(min_size=1, max_size=32))
def test_any_name_is_text_on_the_list(ssid: bytes) -> None:
    page = Page(PAGES.of(snapshot(Phase.CHOOSING, ssid), TEXTS))
    assert shape(page) == shape(Page(PAGES.of(snapshot(Phase.CHOOSING, b"harmless"), TEXTS)))
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", page.source)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_whole_in_every_language(language: str) -> None:
    for page in pages(b"Home", language):
        assert page.attributes("html") == [{"lang": language}]
        assert len(page.attributes("h1")) == len(page.attributes("main")) == 1
        assert "{" not in page.text


def test_no_page_needs_anything_from_elsewhere_or_runs_code_in_attributes() -> None:
    for page in pages(b"Home"):
        for tag, attributes in page.tags:
            assert not [name for name in attributes if name.startswith("on") or name == "style"], tag
            for name in ("src", "href", "action", "srcset", "poster"):
                assert str(attributes.get(name, "/")).startswith(("/", "data:,")), attributes


def test_the_policy_allows_this_style_and_this_script_alone() -> None:
    source = PAGES.of(snapshot(Phase.CHOOSING, b"Home"), TEXTS)
    for kind in ("style", "script"):
        [inline] = re.findall(rf"<{kind}>(.*?)</{kind}>", source, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}';" in PAGES.policy
    assert PAGES.policy.startswith("default-src 'none';")
    assert "unsafe" not in PAGES.policy


def test_every_form_has_the_token_and_no_password_in_it() -> None:
    for page in pages(b"Home"):
        tokens = [field for field in page.attributes("input") if field.get("name") == "token"]
        assert len(tokens) == len(page.attributes("form"))
        assert all(field["value"] == TOKEN for field in tokens)
        assert all("value" not in field for field in page.attributes("input") if field.get("name") == "password")


def test_a_network_shows_its_strength_and_whether_it_has_a_lock() -> None:
    networks = (Nearby(b"far", 0, Security.OPEN), Nearby(b"near", 100, Security.WPA2))
    page = Page(PAGES.of(Snapshot(1, Phase.CHOOSING, "MYCROFT", networks), TEXTS))
    assert "far, weak signal" in page.text
    assert "near, needs a password, strong signal" in page.text


@pytest.mark.parametrize("failure", Failure)
def test_a_failure_is_shown_on_the_row_of_its_network(failure: Failure) -> None:
    page = Page(PAGES.of(snapshot(Phase.CHOOSING, b"Home", failure), TEXTS))
    assert f"Home0{TEXTS(failure)}, strong signal" in page.text
    assert "Home0: not connected" in page.text


def test_a_failure_of_a_network_that_is_not_listed_is_shown_above_the_list() -> None:
    hidden = Snapshot(1, Phase.CHOOSING, "MYCROFT", (), b"Hidden", Failure.NOT_FOUND)
    page = Page(PAGES.of(hidden, TEXTS))
    assert f"Hidden: not connected{TEXTS(Failure.NOT_FOUND)}" in page.text
    assert str(TEXTS("no_networks")) in page.text


def test_a_network_that_cannot_be_joined_is_no_link() -> None:
    [unsupported] = (network for network in snapshot(Phase.CHOOSING, b"Home").networks[2:])
    page = Page(PAGES.of(snapshot(Phase.CHOOSING, b"Home"), TEXTS))
    assert not [a for a in page.attributes("a") if unsupported.ssid.hex() in str(a["href"])]
    assert str(TEXTS("unsupported")) in page.text


def test_the_progress_is_followed_with_and_without_the_script() -> None:
    page = Page(PAGES.of(snapshot(Phase.TRYING, b"Home"), TEXTS))
    assert {"http-equiv": "refresh", "content": "5"} in page.attributes("meta")
    assert [p["data-revision"] for p in page.attributes("p") if "data-revision" in p] == ["3"]
