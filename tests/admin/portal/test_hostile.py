"""200 hostile requests to a real process, of which each gets an error, and probes for other hosts."""

import asyncio
import contextlib
import itertools
import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from admin.portal.protocol import Phase
from admin.portal.server import MAX_CONNECTIONS_OF_ONE
from hw_sim.wifi import HOME, SimulatedSetup
from tests.admin.portal.program import RunningPortal, running_portal

pytestmark = pytest.mark.real_time

SECRET = "hunter22secret"  # noqa: S105  # of a network that does not exist

WORKS = b"Works"
"""A network that is listed, and cannot be joined by the page."""

TIME_LIMIT_S = 30.0
"""Longer than all time limits of the portal together; what is left open longer is a fault."""

MAX_GROWTH = 8_000_000
"""Bytes: the pages of a few languages, and the buffers of connections."""


def form(*pairs: str) -> bytes:
    return "&".join((f"password={SECRET}", *pairs)).encode()


def request(line: str, *headers: str, body: bytes = b"", host: str) -> bytes:
    head = "\r\n".join((line, f"Host: {host}", *headers, "", ""))
    return head.encode("latin-1") + body


def post(
    path: str, body: bytes, *headers: str, host: str, kind: str = "application/x-www-form-urlencoded"
) -> bytes:
    length = f"Content-Length: {len(body)}"
    return request(f"POST {path} HTTP/1.1", f"Content-Type: {kind}", length, *headers, body=body, host=host)


def hostile(host: str, token: str) -> Iterator[bytes]:
    """Requests that no browser sends, and forms that no page of ours sends; `token` is that of our forms."""
    chance = random.Random(12)  # noqa: S311  # the same noise each time
    for line in (
        *(
            "",
            " ",
            "\x00",
            "GET",
            "GET /",
            "GET / HTTP/9.9",
            "GET / HTTP/1.1 x",
            "/ GET HTTP/1.1",
            "GET  / HTTP/1.1",
        ),
        *(
            "get / HTTP/1.1",
            "GET\t/\tHTTP/1.1",
            "GET * HTTP/1.1",
            "GET \\ HTTP/1.1",
            "GET /# HTTP/1.1",
            "G\xcbT / HTTP/1.1",
        ),
        *(
            f"{method} / HTTP/1.1"
            for method in ("PUT", "DELETE", "TRACE", "CONNECT", "OPTIONS", "PATCH", "A" * 999)
        ),
        *(f"GET {'/' * count} HTTP/1.1" for count in (2, 100, 7000, 9000, 70_000)),
        *(
            f"GET /{path} HTTP/1.1"
            for path in ("../../etc/passwd", "..%2f..%2fetc%2fpasswd", "%00", "%", "cgi-bin/x")
        ),
        *(
            f"GET /network?{query} HTTP/1.1"
            for query in ("ssid=" + "41" * 4000, "ssid=%ff", "&" * 99, "ssid=zz", "=")
        ),
        *(
            f"GET /network?ssid={text} HTTP/1.1"
            for text in ("<script>", "%3Cscript%3E", "'", '"', "%0d%0aSet-Cookie:a")
        ),
        *(f"GET /change?seen={text} HTTP/1.1" for text in ("-1", "9" * 5000, "1e9", "0x1", "%E2%82%81", "nan")),
    ):
        yield request(line, host=host)
    for header in (
        *(
            "no colon",
            ": empty",
            "Bad Name: x",
            " folded: x",
            "X: \x00",
            "X: a\nY: b",
            "X: a\rY: b",
            "X: " + "x" * 9000,
        ),
        *(f"Host: {host}", "Host: other", "Content-Length: 5", "Content-Length: -1", "Content-Length: 9" * 20),
        *(
            "Transfer-Encoding: chunked",
            "Expect: 100-continue",
            "Upgrade: websocket",
            "Upgrade: h2c",
            "Range: bytes=0-",
        ),
        *(
            "Accept-Language: " + ",".join(["de;q=0.9"] * 900),
            "Accept-Language: " + "a-" * 3000,
            "Accept-Language: \xff",
        ),
        *("Cookie: " + "x" * 7000, "X-Forwarded-For: 100.64.7.1", "Origin: http://a\r\nOrigin: http://b"),
    ):
        yield request("GET /favicon.ico HTTP/1.1", header, host=host)
        yield request("POST /connect HTTP/1.1", header, body=form(), host=host)
    for body in (
        *(form(), form("token="), form("token=" + "0" * 32), form("token=%ff"), form("token=a", "token=b")),
        *(
            form("ssid=486f6d65"),
            form("name=Home"),
            form("name=" + "%00" * 600),
            form(*"abcdefghij"),
            form("x" * 1900),
        ),
        *(b"\xff" * 100, b"&" * 1000, b"=" * 1000, b"%" * 1000, b"{}", b"a" * 2001, b"a" * 100_000, b"\x00"),
    ):
        for path in ("/connect", "/cancel", "/"):
            yield post(path, body, host=host)
    for kind in ("text/plain", "multipart/form-data; boundary=x", "application/json", "", "x" * 5000):
        yield post("/connect", form(), host=host, kind=kind)
    for origin in ("http://evil.example", "null", "file://", f"https://{host}", "http://" + "a" * 5000):
        yield post("/cancel", form(), f"Origin: {origin}", host=host)
    for path in ("/connect", "/cancel", "/", "/generate_204"):
        for secret in (form(), form(f"token={token}", f"ssid={HOME.hex()}")):
            yield post(path, secret, host="rebound.example")
    for fields in (
        *("ssid=", "ssid=zz", "ssid=" + "41" * 33, "ssid=4e6f6e65", f"ssid={WORKS.hex()}"),
        *("name=", "name=" + "n" * 33, "name=" + "%C3%A4" * 17, "other=1"),
    ):
        yield post("/connect", form(f"token={token}", fields), host=host)
    for password in ("", "short", "x" * 64, "%C3%A4" * 32, "two%0Alines%20here"):
        for network in (f"ssid={HOME.hex()}", *(("name=Guests",) if password else ())):
            yield post("/connect", f"token={token}&password={password}&{network}".encode(), host=host)
    for path in ("/", "/network", "/hidden", "/change?seen=1", "/cancel/", "/connect/x"):
        yield post(path, form(f"token={token}", f"ssid={HOME.hex()}"), host=host)
    yield post("/cancel", form(f"token={token}"), "Origin: http://evil.example", host=host)
    yield b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64)  # TLS
    yield b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    yield b"GET / HTTP/1.1\nHost: " + host.encode() + b"\n\n"
    while True:
        yield bytes(chance.randrange(256) for _ in range(chance.randrange(1, 3000))) + b"\r\n\r\n"


async def send(portal: RunningPortal, data: bytes) -> bytes:
    """What comes back until the connection is closed."""
    address, _, port = portal.host.partition(":")
    reader, writer = await asyncio.open_connection(address, int(port))
    received = b""
    with contextlib.suppress(OSError):  # reset, or closed before anything was sent
        async with asyncio.timeout(TIME_LIMIT_S):
            writer.write(data)
            writer.write_eof()
            await writer.drain()
            while chunk := await reader.read(65536):
                received += chunk
    writer.transport.abort()
    return received


async def test_200_hostile_requests_get_an_error_and_change_and_reveal_nothing(tmp_path: Path) -> None:
    setup = SimulatedSetup()
    async with running_portal(setup, tmp_path) as portal:
        page = await send(portal, request("GET / HTTP/1.1", host=portal.host))
        token = re.search(b'name="token" value="([0-9a-f]+)"', page)
        assert token
        before = portal.memory
        for data in itertools.islice(hostile(portal.host, token[1].decode()), 200):
            response = await send(portal, data)
            assert re.match(rb"HTTP/1\.1 [45][0-9]{2} ", response), (data[:200], response[:200])
            assert SECRET.encode() not in response, data[:200]
        assert portal.memory < before + MAX_GROWTH
        assert await send(portal, request("GET / HTTP/1.1", host=portal.host)) == page
        assert (setup.attempts, setup.snapshot.phase) == ([], Phase.CHOOSING)
    assert SECRET not in "\n".join(portal.log)
    assert not re.search("Traceback|ERROR", "\n".join(portal.log)), portal.log


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_probe_only_ever_leads_to_the_page(tmp_path: Path, method: str) -> None:
    setup = SimulatedSetup()
    async with running_portal(setup, tmp_path) as portal:
        for host in ("www.example.com", "100.64.7.2", "user@example.com", "<script>", "a" * 5000):
            for path in ("/", "/generate_204", f"/connect?{SECRET}", "//evil.example/", "/%0d%0aSet-Cookie:a"):
                response = await send(portal, request(f"{method} {path} HTTP/1.1", host=host))
                head, _, body = response.decode().partition("\r\n\r\n")
                assert head.startswith("HTTP/1.1 302 Found\r\n"), (host, path)
                assert re.findall(r"(?i)\nlocation: ([^\r]*)", head) == [portal.url]
                assert body == ("" if method == "HEAD" else f'<a href="{portal.url}">{portal.url}</a>\n')
        assert (setup.attempts, setup.snapshot.phase) == ([], Phase.CHOOSING)


async def test_a_request_that_is_cut_off_gets_an_error(tmp_path: Path) -> None:
    async with running_portal(SimulatedSetup(), tmp_path) as portal:
        whole = post("/connect", form(), host=portal.host)
        head_only = whole.index(b"\r\n\r\n") + 4
        for length in (1, 20, head_only - 1, head_only, len(whole) - 1):
            assert (await send(portal, whole[:length])).startswith(b"HTTP/1.1 400 "), length
        assert await send(portal, b"") == b""


async def test_clients_that_go_without_reading_leave_nothing_behind(tmp_path: Path) -> None:
    async with running_portal(SimulatedSetup(), tmp_path) as portal:
        address, _, port = portal.host.partition(":")
        for _ in range(3 * MAX_CONNECTIONS_OF_ONE):
            _, writer = await asyncio.open_connection(address, int(port))
            writer.write(request("GET / HTTP/1.1", host=portal.host) * 100)
            writer.transport.abort()
        page = b""
        while not page:  # the last ones may not have been noticed yet
            page = await send(portal, request("GET / HTTP/1.1", host=portal.host))
        assert page.startswith(b"HTTP/1.1 200 OK\r\n")


async def test_one_phone_cannot_have_all_connections(tmp_path: Path) -> None:
    async with running_portal(SimulatedSetup(), tmp_path) as portal:
        address, _, port = portal.host.partition(":")
        idle = [await asyncio.open_connection(address, int(port)) for _ in range(MAX_CONNECTIONS_OF_ONE)]
        assert await send(portal, request("GET / HTTP/1.1", host=portal.host)) == b""
        reader, writer = await asyncio.open_connection(address, int(port), local_addr=("127.0.0.2", 0))
        writer.write(request("GET / HTTP/1.1", host=portal.host))
        assert (await reader.readline()).startswith(b"HTTP/1.1 200 OK")
        for _, other in (*idle, (reader, writer)):
            other.transport.abort()


async def test_a_second_request_of_a_connection_is_not_read(tmp_path: Path) -> None:
    async with running_portal(SimulatedSetup(), tmp_path) as portal:
        both = await send(portal, request("GET / HTTP/1.1", host=portal.host) * 2)
        assert both.count(b"HTTP/1.1 200 OK") == 1


async def test_a_large_body_gets_its_error_before_the_end(tmp_path: Path) -> None:
    async with running_portal(SimulatedSetup(), tmp_path) as portal:
        response = await send(portal, post("/connect", b"x" * 60_000, host=portal.host))
        assert response.startswith(b"HTTP/1.1 413 ")


async def test_without_the_admin_service_the_page_says_so(tmp_path: Path) -> None:
    async with running_portal(SimulatedSetup(), tmp_path, admin=str(tmp_path / "none")) as portal:
        response = await send(portal, request("GET / HTTP/1.1", host=portal.host))
        assert response.startswith(b"HTTP/1.1 503 ")
        assert b"The device is not in wifi setup" in response
