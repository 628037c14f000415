"""What each address answers: the probes of phones, the steps of a setup, and pages of other sites."""

from http import HTTPStatus

import pytest

from admin.errors import HttpError
from admin.portal.markup import ssid_text
from admin.portal.protocol import Nearby, Phase
from admin.portal.wire import parse_head
from admin.wifi.networks import Choice, Security
from admin.wifi.outcome import Failure
from hw_sim.wifi import HOME, PASSWORD, SimulatedSetup
from tests.admin.portal.site import ADDRESS, TOKEN, Page, get, post, says, site_of

PROBES = {
    "Android": (
        "GET /generate_204 HTTP/1.1\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, "
        "like Gecko) Chrome/60.0.3112.32 Safari/537.36\r\nHost: connectivitycheck.gstatic.com\r\n"
        "Connection: close\r\nAccept-Encoding: gzip\r\n\r\n"
    ),
    "Android, fallback": "GET /generate_204 HTTP/1.1\r\nHost: play.googleapis.com\r\nConnection: close\r\n\r\n",
    "iOS": (
        "GET /hotspot-detect.html HTTP/1.0\r\nHost: captive.apple.com\r\nConnection: close\r\n"
        "User-Agent: CaptiveNetworkSupport-465.140.2 wispr\r\n\r\n"
    ),
    "iOS, mini browser": (
        "GET /hotspot-detect.html HTTP/1.1\r\nHost: captive.apple.com\r\nUpgrade-Insecure-Requests: 1\r\n"
        "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
        "Accept-Language: de-DE,de;q=0.9\r\nUser-Agent: Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X)"
        "\r\nAccept-Encoding: gzip, deflate\r\nConnection: keep-alive\r\n\r\n"
    ),
    "Windows": (
        "GET /connecttest.txt HTTP/1.1\r\nConnection: Close\r\nUser-Agent: Microsoft NCSI\r\n"
        "Host: www.msftconnecttest.com\r\n\r\n"
    ),
    "Windows, browser": "GET /redirect HTTP/1.1\r\nHost: www.msftconnecttest.com\r\n\r\n",
    "Windows 7": "GET /ncsi.txt HTTP/1.1\r\nUser-Agent: Microsoft NCSI\r\nHost: www.msftncsi.com\r\n\r\n",
    "Debian": "GET /nm HTTP/1.1\r\nHost: network-test.debian.org\r\nAccept: */*\r\nConnection: close\r\n\r\n",
    "GNOME": "GET /check_network_status.txt HTTP/1.1\r\nHost: nmcheck.gnome.org\r\nConnection: close\r\n\r\n",
    "Firefox": (
        "GET /canonical.html HTTP/1.1\r\nHost: detectportal.firefox.com\r\nUser-Agent: Mozilla/5.0 (X11; Linux "
        "x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\nAccept: */*\r\nCache-Control: no-cache\r\n"
        "Pragma: no-cache\r\nConnection: keep-alive\r\n\r\n"
    ),
    "Kindle": "GET /kindle-wifi/wifistub.html HTTP/1.1\r\nHost: spectrum.s3.amazonaws.com\r\n\r\n",
    "HEAD": "HEAD / HTTP/1.1\r\nHost: www.example.com\r\n\r\n",
    "HTTP/1.0": "GET / HTTP/1.0\r\n\r\n",
    "proxy": "GET http://www.example.com/?q=%ff&q=1 HTTP/1.1\r\nHost: 100.64.7.1\r\n\r\n",
    "another port": "GET / HTTP/1.1\r\nHost: 100.64.7.1:8080\r\n\r\n",
    "name of the device": "GET / HTTP/1.1\r\nHost: mycroft.local\r\n\r\n",
}


@pytest.fixture
async def setup() -> SimulatedSetup:
    return SimulatedSetup()


@pytest.mark.parametrize("system", PROBES)
@pytest.mark.parametrize("with_setup", [True, False])
async def test_a_probe_is_redirected_to_the_address(system: str, with_setup: bool) -> None:
    request = parse_head(PROBES[system].encode())
    response = await site_of(SimulatedSetup() if with_setup else None).answer(request)
    encoded = response.encode(request.method).decode()
    head, _, body = encoded.partition("\r\n\r\n")
    assert head.startswith("HTTP/1.1 302 Found\r\n")
    assert f"\r\nLocation: http://{ADDRESS}/" in head
    assert "\r\nCache-Control: no-store\r\n" in head
    assert f"\r\nContent-Length: {len(response.body)}\r\n" in head
    assert len(response.body) > 4  # Android counts less as no portal
    assert body == ("" if request.method == "HEAD" else response.body)
    for accepted in ("Success", "Microsoft", "NetworkManager is online", "Kindle Reachability"):
        assert accepted not in encoded


@pytest.mark.parametrize("host", [ADDRESS, f"{ADDRESS}:80"])
async def test_the_address_gives_the_page(setup: SimulatedSetup, host: str) -> None:
    response = await get(site_of(setup), "/", host)
    assert response.status is HTTPStatus.OK
    assert says(response, "Which network should this device use?")
    assert response.headers["Content-Security-Policy"].startswith("default-src 'none'")


async def test_the_page_has_the_language_of_the_browser(setup: SimulatedSetup) -> None:
    response = await get(site_of(setup), "/", Accept_Language="de-AT,de;q=0.9,en;q=0.5")
    assert says(response, "Netze in der Nähe")


async def test_a_network_of_the_list_has_a_form(setup: SimulatedSetup) -> None:
    for network in setup.snapshot.networks:
        response = await get(site_of(setup), f"/network?ssid={network.ssid.hex()}")
        assert says(response, ssid_text(network.ssid)), network
        asks = [field for field in Page(response.body).attributes("input") if field.get("name") == "password"]
        assert bool(asks) == network.security.needs_password


@pytest.mark.parametrize(
    "query", ["", "?", "?ssid=", "?ssid=zz", "?ssid=4", "?ssid=4E6F6E65", "?ssid=" + "41" * 33, "?other=1"]
)
async def test_the_form_of_an_unknown_network_is_an_error_with_the_list(setup: SimulatedSetup, query: str) -> None:
    response = await get(site_of(setup), f"/network{query}")
    assert response.status is HTTPStatus.NOT_FOUND
    assert says(response, "Which network should this device use?")


@pytest.mark.parametrize("ssid", ["", "zz", "4E6F6E65", "41" * 33])
async def test_an_unknown_network_is_not_tried(setup: SimulatedSetup, ssid: str) -> None:
    response = await post(site_of(setup), "/connect", {"ssid": ssid, "password": "12345678"})
    assert response.status is HTTPStatus.NOT_FOUND
    assert says(response, "Which network should this device use?")
    assert not setup.attempts


async def test_the_right_password_connects(setup: SimulatedSetup) -> None:
    site = site_of(setup)
    response = await post(site, "/connect", {"ssid": HOME.hex(), "password": PASSWORD})
    assert (response.status, response.headers["Location"]) == (HTTPStatus.SEE_OTHER, f"http://{ADDRESS}/")
    assert says(await get(site, "/"), "Connecting to Home")
    assert setup.attempts == [Choice(HOME, PASSWORD)]
    seen = setup.snapshot.revision
    assert (await get(site, f"/change?seen={seen}")).body == str(seen + 1)
    assert says(await get(site, "/"), "The device is in the network Home.")


async def test_a_wrong_password_comes_back_to_the_list_and_its_form(setup: SimulatedSetup) -> None:
    site = site_of(setup)
    await post(site, "/connect", {"ssid": HOME.hex(), "password": "wrong horse"})
    await setup.changed(setup.snapshot.revision)
    wrong = "Wrong password. Please try again."
    assert says(await get(site, "/"), wrong)
    assert says(await get(site, f"/network?ssid={HOME.hex()}"), wrong)
    other = setup.snapshot.networks[2]
    assert not says(await get(site, f"/network?ssid={other.ssid.hex()}"), wrong)


@pytest.mark.parametrize("password", ["", "short", "x" * 64, "ä" * 32, "two\nlines here"])
async def test_a_text_that_is_no_password_is_asked_for_again(setup: SimulatedSetup, password: str) -> None:
    response = await post(site_of(setup), "/connect", {"ssid": HOME.hex(), "password": password})
    assert response.status is HTTPStatus.UNPROCESSABLE_ENTITY
    assert says(response, "A wifi password has 8 to 63 characters.")
    assert not password or password not in response.body
    assert not setup.attempts


async def test_an_open_network_is_joined_without_a_password(setup: SimulatedSetup) -> None:
    network = next(network for network in setup.snapshot.networks if network.security is Security.OPEN)
    await post(site_of(setup), "/connect", {"ssid": network.ssid.hex(), "password": "filled in by a browser"})
    assert setup.attempts == [Choice(network.ssid)]


async def test_a_network_that_cannot_be_joined_is_not_tried(setup: SimulatedSetup) -> None:
    network = next(network for network in setup.snapshot.networks if network.security is Security.ENTERPRISE)
    response = await post(site_of(setup), "/connect", {"ssid": network.ssid.hex(), "password": "12345678"})
    assert response.status is HTTPStatus.NOT_FOUND
    assert says(response, "Which network should this device use?")
    assert not setup.attempts


@pytest.mark.parametrize(
    ("name", "password", "choice"),
    [
        ("Zoë & Co", "12345678", Choice("Zoë & Co".encode(), "12345678", hidden=True)),
        ("Guests", "", Choice(b"Guests", hidden=True)),
        ("Home", PASSWORD, Choice(HOME, PASSWORD)),
    ],
)
async def test_a_network_that_is_not_listed_is_joined_by_its_name(
    setup: SimulatedSetup, name: str, password: str, choice: Choice
) -> None:
    site = site_of(setup)
    assert says(await get(site, "/hidden"), "Name of the network")
    await post(site, "/connect", {"name": name, "password": password})
    assert setup.attempts == [choice]


@pytest.mark.parametrize(
    ("name", "password", "text"),
    [
        ("", "12345678", "The name of a network has 1 to 32 characters."),
        ("ä" * 17, "", "The name of a network has 1 to 32 characters."),
        ("Guests", "short", "A wifi password has 8 to 63 characters."),
    ],
)
async def test_an_invalid_name_or_password_is_asked_for_again(
    setup: SimulatedSetup, name: str, password: str, text: str
) -> None:
    response = await post(site_of(setup), "/connect", {"name": name, "password": password})
    assert response.status is HTTPStatus.UNPROCESSABLE_ENTITY
    assert says(response, text)
    fields = Page(response.body).attributes("input")
    assert [field["value"] for field in fields if field.get("name") == "name"] == [name]
    assert not setup.attempts


async def test_cancel_ends_the_setup(setup: SimulatedSetup) -> None:
    site = site_of(setup)
    await post(site, "/cancel", {})
    assert setup.snapshot.phase is Phase.OVER
    assert says(await get(site, "/"), "The setup has ended")


async def test_a_second_phone_sees_the_attempt_of_the_first(setup: SimulatedSetup) -> None:
    site = site_of(setup)
    await post(site, "/connect", {"ssid": HOME.hex(), "password": "wrong horse"})
    await post(site, "/connect", {"name": "Other"})
    assert [choice.ssid for choice in setup.attempts] == [HOME]
    assert says(await get(site, "/"), "Connecting to Home")
    response = await get(site, f"/network?ssid={HOME.hex()}")
    assert response.status is HTTPStatus.SEE_OTHER


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": f"https://{ADDRESS}"},
        {"Origin": f"http://{ADDRESS}.evil.example"},
        {"Referer": "http://evil.example/"},
        {"Referer": f"http://{ADDRESS}.evil.example/"},
    ],
)
async def test_a_form_of_another_site_is_refused(setup: SimulatedSetup, headers: dict[str, str]) -> None:
    response = await post(site_of(setup), "/connect", {"ssid": HOME.hex(), "password": PASSWORD}, **headers)
    assert response.status is HTTPStatus.FORBIDDEN
    assert says(response, "This page was out of date.")
    assert not setup.attempts


@pytest.mark.parametrize("token", ["", "0" * 16, TOKEN.upper() + "x", "ä"])
@pytest.mark.parametrize("path", ["/connect", "/cancel"])
async def test_a_form_without_the_token_is_refused(setup: SimulatedSetup, path: str, token: str) -> None:
    form = {"ssid": HOME.hex(), "password": PASSWORD, "token": token}
    response = await post(site_of(setup), path, form)
    assert response.status is HTTPStatus.FORBIDDEN
    assert (setup.attempts, setup.snapshot.phase) == ([], Phase.CHOOSING)


async def test_a_form_of_our_own_page_is_taken(setup: SimulatedSetup) -> None:
    own = {"Origin": f"http://{ADDRESS}", "Referer": f"http://{ADDRESS}/hidden"}
    await post(site_of(setup), "/connect", {"name": "Guests"}, **own)
    assert len(setup.attempts) == 1


async def test_a_name_that_leads_here_gets_nothing_and_changes_nothing(setup: SimulatedSetup) -> None:
    response = await post(site_of(setup), "/cancel", {}, host="rebound.example")
    assert response.status is HTTPStatus.MISDIRECTED_REQUEST
    assert says(response, "Open the page again")
    assert TOKEN not in response.body
    assert setup.snapshot.phase is Phase.CHOOSING


@pytest.mark.parametrize("path", ["/favicon.ico", "/generate_204", "//", "/index.html", "/network/", "/..%2f"])
async def test_another_path_of_ours_does_not_exist(setup: SimulatedSetup, path: str) -> None:
    response = await get(site_of(setup), path)
    assert response.status is HTTPStatus.NOT_FOUND
    assert says(response, "Open the page again")


@pytest.mark.parametrize("path", ["/connect", "/cancel"])
async def test_a_form_that_is_loaded_again_leads_to_the_first_page(setup: SimulatedSetup, path: str) -> None:
    assert (await get(site_of(setup), path)).status is HTTPStatus.SEE_OTHER
    assert setup.snapshot.phase is Phase.CHOOSING


@pytest.mark.parametrize("path", ["/", "/network", "/hidden", "/change?seen=1", "/cancel/"])
async def test_a_form_for_another_path_is_an_error(setup: SimulatedSetup, path: str) -> None:
    response = await post(site_of(setup), path, {})
    assert response.status is HTTPStatus.NOT_FOUND
    assert says(response, "Open the page again")
    assert setup.snapshot.phase is Phase.CHOOSING


@pytest.mark.parametrize("seen", ["", "?seen=", "?seen=x", "?seen=-1", f"?seen={'9' * 19}", "?seen=%C2%B2"])
async def test_an_invalid_revision_is_refused(setup: SimulatedSetup, seen: str) -> None:
    with pytest.raises(HttpError):
        await get(site_of(setup), f"/change{seen}")


@pytest.mark.parametrize("path", ["/", "/network?ssid=41", "/hidden", "/change?seen=1"])
async def test_without_a_setup_the_page_says_how_to_start_one(path: str) -> None:
    response = await get(site_of(None), path)
    assert response.status is HTTPStatus.SERVICE_UNAVAILABLE
    assert says(response, "The device is not in wifi setup")


async def test_each_failure_can_be_shown(setup: SimulatedSetup) -> None:
    for failure in Failure:
        setup._show(Phase.CHOOSING, HOME, failure)
        assert says(await get(site_of(setup), "/"), "Home: not connected")


async def test_many_networks_make_one_page() -> None:
    networks = tuple(Nearby(b"%032d" % n, n, Security.WPA2) for n in range(64))
    response = await get(site_of(SimulatedSetup(networks)), "/")
    assert response.body.count("<li>") == 64
    assert len(response.body) < 100_000
