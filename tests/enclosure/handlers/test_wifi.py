"""The wifi setup on the face and by voice."""

import asyncio
from typing import Any

import pytest

from bus.message import Message
from enclosure import artwork
from enclosure.activity import Activity
from enclosure.events import Choice, Chosen
from enclosure.handlers.session import SOURCE
from enclosure.handlers.wifi import OPENING_S, REPEAT_S, REPEATS
from enclosure.wifi_words import ENGLISH, REASONS, words_of
from tests.enclosure.handlers.mark1 import Mark1, mark1

UP = {"ssid": "MYCROFT", "password": "1234", "address": "100.64.7.1", "lang": "en-us"}
JOIN = "With your phone, join the wifi network MYCROFT. Its password is 1, 2, 3, 4."
OPEN_PAGE = (
    "You are connected to me. Follow the page that opens on your phone, or open 100 dot 64 dot 7 dot 1 in its "
    "browser."
)


async def receive(device: Mark1, name: str, **data: Any) -> list[str]:
    """What is said after a report of the admin service."""
    device.said.clear()
    await device.enclosure.dispatcher(Message(f"system.wifi.{name}", data))
    await asyncio.sleep(0.01)
    return utterances(device)


def utterances(device: Mark1) -> list[str]:
    assert all(message.context == {"source": SOURCE} for message in device.said)
    return [message.data["utterance"] for message in device.said if message.msg_type == "speak"]


async def test_each_step_is_shown_and_said() -> None:
    async with mark1() as (device, display):
        assert await receive(device, "setup") == []
        assert display.activity.wifi_shown == artwork.WIFI
        assert await receive(device, "ap_up", **UP) == [JOIN]
        assert (display.activity.wifi_shown, display.activity.wifi_setup) == ("MYCROFT 1234", True)
        assert await receive(device, "ap_device_connected") == [OPEN_PAGE]
        assert display.activity.wifi_shown == "100.64.7.1"
        assert await receive(device, "ap_device_disconnected") == [
            f"I have lost the connection to your phone. {JOIN}"
        ]
        assert display.activity.wifi_shown == "MYCROFT 1234"
        assert await receive(device, "ap_connecting", ssid="home") == ["I am connecting to home."]
        assert display.activity.wifi_shown == artwork.WIFI_JOINING
        failed = await receive(device, "ap_connection_failed", ssid="home", reason="wrong-password", error="x")
        assert failed == ["I could not connect to home: the password is wrong."]
        assert display.notified == ["WRONG PASSWORD"]
        assert await receive(device, "ap_up", **UP) == [JOIN]
        assert await receive(device, "ap_connection_success", ssid="home") == ["I am connected to home."]
        assert display.notified[-1] == "WI-FI OK"
        assert await receive(device, "ap_down") == []
        assert display.activity == Activity()


async def test_an_instruction_is_said_again_a_few_times() -> None:
    async with mark1() as (device, _):
        await receive(device, "ap_up", **UP)
        await asyncio.sleep(100 * REPEAT_S)
        assert utterances(device) == [JOIN] * (1 + REPEATS)
        await receive(device, "ap_device_disconnected")
        await asyncio.sleep(REPEAT_S)
        assert utterances(device)[1:] == [JOIN], "the loss is said once"
        assert await receive(device, "ap_down") == ["The wifi setup is over."]
        assert await receive(device, "ap_down") == []
        await asyncio.sleep(100 * REPEAT_S)
        assert utterances(device) == []


@pytest.mark.parametrize(
    ("lang", "spelled"), [("en-us", "k, capital K, space, 4, !"), ("de-de", "k, großes K, Leerzeichen, 4, !")]
)
async def test_a_password_is_spelled_with_its_capitals(lang: str, spelled: str) -> None:
    async with mark1() as (device, _):
        [said] = await receive(device, "ap_up", **{**UP, "password": "kK 4!", "lang": lang})
        assert said.endswith(f" {spelled}.")


async def test_an_open_access_point_has_no_password() -> None:
    async with mark1() as (device, display):
        said = await receive(device, "ap_up", **{**UP, "password": None})
        assert said == ["With your phone, join the wifi network MYCROFT."]
        assert display.activity.wifi_shown == "MYCROFT"


async def test_reports_of_mycroft_wifi_setup_have_no_fields() -> None:
    async with mark1() as (device, display):
        for name in ("ap_up", "ap_device_connected", "ap_device_disconnected"):
            assert await receive(device, name) == []
        assert display.activity.wifi_shown == artwork.WIFI
        assert await receive(device, "ap_down") == []
        assert display.activity.wifi_shown is None


async def test_it_is_said_in_the_language_of_the_setup() -> None:
    async with mark1() as (device, _):
        [said] = await receive(device, "ap_up", **{**UP, "lang": "de-at"})
        assert said.startswith("Verbinde dein Telefon")
        assert device.said[0].data["lang"] == "de-de"


async def test_an_error_is_shown_once() -> None:
    async with mark1() as (device, display):
        await receive(device, "setup")
        assert await receive(device, "ap_error", error="no radio") == ["I cannot set up the wifi now."]
        await receive(device, "setup.failed", error="no radio")
        assert display.notified == ["WI-FI FAILED"]
        assert display.activity.wifi_shown is None


async def test_a_refused_request_is_shown_unless_a_setup_is_under_way() -> None:
    async with mark1() as (device, display):
        await receive(device, "setup")
        await receive(device, "setup.failed", error="the sender may not administer this machine")
        assert display.notified == ["WI-FI FAILED"]
        await receive(device, "ap_up", **UP)
        await receive(device, "setup.failed", error="system.wifi.setup is under way")
        assert (display.notified, display.activity.wifi_shown) == (["WI-FI FAILED"], "MYCROFT 1234")


async def test_a_cancelled_setup_is_no_failure() -> None:
    async with mark1() as (device, display):
        await receive(device, "setup")
        await receive(device, "ap_down")
        await receive(device, "setup.failed", error="cancelled by wifi.stop")
        assert display.notified == []


async def test_a_request_that_the_bus_denies_is_a_failure_and_ends_no_other_setup() -> None:
    async with mark1() as (device, display):
        denied = Message("bus.message.denied", {"type": "system.wifi.setup", "reason": "no"})
        await device.enclosure.dispatcher(denied)
        assert display.notified == ["WI-FI FAILED"]
        await receive(device, "ap_up", **UP)
        await device.enclosure.dispatcher(denied)
        assert display.notified == ["WI-FI FAILED"] * 2
        await asyncio.sleep(REPEAT_S)
        assert (display.activity.wifi_shown, utterances(device)) == ("MYCROFT 1234", [JOIN] * 2)


async def test_a_setup_that_nothing_comes_of_is_a_failure() -> None:
    async with mark1() as (device, display):
        device.handle(Chosen(Choice.WIFI))
        await asyncio.sleep(OPENING_S - 1)
        assert display.activity == Activity(wifi_shown=artwork.WIFI)
        await asyncio.sleep(1)
        assert display.activity == Activity()
        assert display.notified == ["WI-FI FAILED"]


@pytest.mark.parametrize("lang", ["en", "de", "fr", "es", "it", "nl", "pt"])
def test_each_language_has_all_sentences_with_their_values(lang: str) -> None:
    words = words_of(lang)
    assert words.lang.startswith(lang)
    for name in ("introduction", "join", "join_open", "page", "trying", "failed", "done", "over"):
        values = dict.fromkeys(("ssid", "password", "address", "reason"), "<value>")
        mine, english = getattr(words, name), getattr(ENGLISH, name)
        assert mine.format(**values).count("<value>") == english.format(**values).count("<value>")
    assert len(words.reasons) == len(set(words.reasons)) == len(REASONS)


def test_other_languages_get_english() -> None:
    assert words_of("xx-yy") is words_of(None) is ENGLISH


@pytest.mark.parametrize(("lang", "shown"), [(None, "hold the button"), ("de-de", "halte den Knopf")])
async def test_a_device_that_is_in_no_known_network_says_once_what_to_do(lang: str | None, shown: str) -> None:
    async with mark1() as (device, display):
        [hint] = await receive(device, "not_connected", lang=lang)
        assert shown in hint
        assert display.notified == ["NO NETWORK"]
        await asyncio.sleep(100 * REPEAT_S)
        assert utterances(device) == [hint]


@pytest.mark.parametrize(
    ("lang", "said"), [(None, "Hello. To help you, I need the internet."), ("fr-fr", "Bonjour.")]
)
async def test_a_device_that_knows_no_network_introduces_the_setup(lang: str | None, said: str) -> None:
    async with mark1() as (device, display):
        [introduction] = await receive(device, "not_connected", known=False, lang=lang)
        assert introduction.startswith(said)
        assert display.untouched


@pytest.mark.parametrize("known", [True, False])
async def test_the_hint_does_not_interrupt_a_setup(known: bool) -> None:
    async with mark1() as (device, display):
        await receive(device, "ap_up", **UP)
        assert await receive(device, "not_connected", known=known, lang=None) == []
        assert display.notified == []
