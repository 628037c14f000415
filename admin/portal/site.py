"""What each address of the page answers. Knows neither sockets nor files."""

import hmac
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

from admin.errors import HttpError, NoSetupError, PortalProtocolError
from admin.portal.languages import load
from admin.portal.markup import Html, html
from admin.portal.pages import Pages
from admin.portal.protocol import (
    Cancel,
    Connect,
    Look,
    Nearby,
    Phase,
    Request,
    Snapshot,
    is_password,
)
from admin.portal.texts import Texts, choose
from admin.portal.wire import HttpRequest, HttpResponse, parse_fields
from admin.wifi.networks import MAX_SSID

Ask = Callable[[Request], Awaitable[Snapshot]]
"""Asks the admin service. Raises NoSetupError or PortalProtocolError."""

_REVISION = re.compile(r"[0-9]{1,18}")

_LOGGER = logging.getLogger(__name__)


class Site:
    """The page of one device, at `address`: an IP address, with the port unless that is 80.

    A GET or HEAD for any other host, such as the probe of a phone, is redirected there: that is how a phone finds
    out about the page. No page of another host, whose name was made to lead here, reads or sends anything.
    """

    def __init__(self, address: str, pages: Pages, ask: Ask) -> None:
        self._origin = f"http://{address}"
        self._hosts = (address, f"{address}:80")
        self._pages = pages
        self._ask = ask
        self._headers = {"Content-Security-Policy": pages.policy, "Referrer-Policy": "same-origin"}

    async def answer(self, request: HttpRequest) -> HttpResponse:
        """The response to a request. Raises HttpError."""
        texts = load(choose(request.headers.get("accept-language", "")))
        if request.host not in self._hosts:
            if request.method == "POST":
                return self._notice("expired", texts, HTTPStatus.MISDIRECTED_REQUEST)
            return self._redirect(HTTPStatus.FOUND)
        try:
            if request.method == "POST":
                return await self._post(request, texts)
            return await self._get(request, texts)
        except (NoSetupError, PortalProtocolError) as error:
            _LOGGER.warning("%s", error)
            page = self._pages.notice("not_ready", texts("not_ready_note"), texts, again=True)
            return self._page(page, HTTPStatus.SERVICE_UNAVAILABLE)

    async def _get(self, request: HttpRequest, texts: Texts) -> HttpResponse:
        match request.path:
            case "/":
                snapshot = await self._ask(Look())
                return self._page(self._pages.of(snapshot, texts))
            case "/network":
                snapshot = await self._ask(Look())
                network = _listed(snapshot, parse_fields(request.query).get("ssid", ""))
                if network is None:
                    return self._unknown_network(snapshot, texts)
                if snapshot.phase is not Phase.CHOOSING:
                    return self._redirect()
                return self._page(self._pages.password(network, snapshot, texts))
            case "/hidden":
                return self._page(self._pages.hidden(await self._ask(Look()), texts))
            case "/change":
                seen = parse_fields(request.query).get("seen", "")
                if not _REVISION.fullmatch(seen):
                    raise HttpError(HTTPStatus.BAD_REQUEST)
                snapshot = await self._ask(Look(int(seen)))
                return HttpResponse(HTTPStatus.OK, str(snapshot.revision))
            case "/connect" | "/cancel":  # a form's page, loaded again
                return self._redirect()
            case _:
                return self._notice("not_found", texts, HTTPStatus.NOT_FOUND)

    async def _post(self, request: HttpRequest, texts: Texts) -> HttpResponse:
        if not self._is_own_form(request):
            return self._notice("expired", texts, HTTPStatus.FORBIDDEN)
        match request.path:
            case "/connect" if "name" in request.form:
                return await self._connect_by_name(request.form, texts)
            case "/connect":
                return await self._connect(request.form, texts)
            case "/cancel":
                await self._ask(Cancel())
                return self._redirect()
            case _:
                return self._notice("not_found", texts, HTTPStatus.NOT_FOUND)

    async def _connect(self, form: Mapping[str, str], texts: Texts) -> HttpResponse:
        """Has the device join a network of the list, or shows its form again with what is wrong."""
        snapshot = await self._ask(Look())
        network = _listed(snapshot, form.get("ssid", ""))
        password = form.get("password", "")
        if not network or not network.security.is_supported:
            return self._unknown_network(snapshot, texts)
        if not network.security.needs_password:
            password = ""
        elif not is_password(password):
            page = self._pages.password(network, snapshot, texts, texts("bad_password"))
            return self._page(page, HTTPStatus.UNPROCESSABLE_ENTITY)
        await self._ask(Connect(network.ssid, password))
        return self._redirect()

    async def _connect_by_name(self, form: Mapping[str, str], texts: Texts) -> HttpResponse:
        """Has the device join a network that may not be in the list, or shows the form again."""
        snapshot = await self._ask(Look())
        name, ssid, password = form["name"], form["name"].encode(), form.get("password", "")
        error = None
        if not 1 <= len(ssid) <= MAX_SSID:
            error = texts("bad_name")
        elif password and not is_password(password):
            error = texts("bad_password")
        if error:
            page = self._pages.hidden(snapshot, texts, name, error)
            return self._page(page, HTTPStatus.UNPROCESSABLE_ENTITY)
        await self._ask(Connect(ssid, password, hidden=_listed(snapshot, ssid.hex()) is None))
        return self._redirect()

    def _is_own_form(self, request: HttpRequest) -> bool:
        """Whether a form comes from a page of this process, and not from another site that a phone has open."""
        token = request.form.get("token", "").encode()
        if not hmac.compare_digest(token, self._pages.token.encode()):
            return False
        origin, referrer = request.headers.get("origin"), request.headers.get("referer")
        return origin in (None, self._origin) and (referrer is None or referrer.startswith(f"{self._origin}/"))

    def _unknown_network(self, snapshot: Snapshot, texts: Texts) -> HttpResponse:
        """The first page, with the networks that can be chosen; the request names another one."""
        return self._page(self._pages.of(snapshot, texts), HTTPStatus.NOT_FOUND)

    def _notice(self, heading: str, texts: Texts, status: HTTPStatus) -> HttpResponse:
        """An error, with a link to the first page."""
        return self._page(self._pages.notice(heading, html(""), texts, again=True), status)

    def _page(self, page: Html, status: HTTPStatus = HTTPStatus.OK) -> HttpResponse:
        return HttpResponse(status, page, "text/html", self._headers)

    def _redirect(self, status: HTTPStatus = HTTPStatus.SEE_OTHER) -> HttpResponse:
        """Leads to the first page. Never empty: some phones would conclude that there is no portal."""
        url = f"{self._origin}/"
        return HttpResponse(status, html('<a href="{url}">{url}</a>\n', url=url), "text/html", {"Location": url})


def _listed(snapshot: Snapshot, ssid: str) -> Nearby | None:
    """The network of the list with this SSID, in hexadecimal."""
    return next((network for network in snapshot.networks if network.ssid.hex() == ssid), None)
