"""A site on a simulated setup, and what a browser gets of it."""

import re
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlencode

import admin.portal
from admin.errors import NoSetupError
from admin.portal.pages import Pages
from admin.portal.protocol import Cancel, Connect, Look, PortalSetup, Request, Snapshot
from admin.portal.site import Site
from admin.portal.wire import HttpRequest, HttpResponse, parse_form, parse_head
from admin.wifi.networks import Choice

ADDRESS = "100.64.7.1"
TOKEN = "0123456789abcdef"  # noqa: S105  # of forms of a test

FOLDER = Path(admin.portal.__file__).parent
PAGES = Pages((FOLDER / "page.css").read_text(), (FOLDER / "page.js").read_text(), TOKEN)


def site_of(setup: PortalSetup | None) -> Site:
    """The site of a setup; without one, the admin service serves none."""

    async def ask(request: Request) -> Snapshot:
        if setup is None:
            raise NoSetupError("no setup")
        match request:
            case Look(seen):
                await setup.changed(seen)
            case Connect():
                await setup.connect(Choice(request.ssid, request.password, request.hidden))
            case Cancel():
                await setup.cancel()
        return setup.snapshot

    return Site(ADDRESS, PAGES, ask)


async def get(site: Site, path: str, host: str = ADDRESS, **headers: str) -> HttpResponse:
    return await site.answer(request("GET", path, host, headers))


async def post(site: Site, path: str, form: dict[str, str], host: str = ADDRESS, **headers: str) -> HttpResponse:
    asked = request("POST", path, host, {"Content-Type": "application/x-www-form-urlencoded", **headers})
    body = urlencode({"token": TOKEN, **form}).encode()
    return await site.answer(
        HttpRequest(
            asked.method, asked.host, asked.path, asked.query, asked.headers, parse_form(asked.headers, body)
        )
    )


def request(method: str, path: str, host: str, headers: dict[str, str]) -> HttpRequest:
    lines = [
        f"{method} {path} HTTP/1.1",
        f"Host: {host}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return parse_head("\r\n".join(lines).replace("_", "-").encode() + b"\r\n\r\n")


@dataclass
class Page(HTMLParser):
    """A page, as a browser reads it."""

    source: str
    tags: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    text: str = ""

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        body = re.sub(r"<(style|script)>.*?</\1>", "", self.source, flags=re.DOTALL)
        self.feed(body)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def attributes(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def says(response: HttpResponse, text: str) -> bool:
    """Whether a page has a text, however it is marked up."""
    return unescape(text) in Page(response.body).text
