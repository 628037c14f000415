"""Who may see the simulator's page, and who may press its button."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from hw_sim.faceplate import Faceplate
from hw_sim.faceviewer import FaceViewer
from hw_sim.panel import Panel
from hw_sim.web.server import served_page

PRESS = '{"press":true}'


@pytest.fixture
async def port(faceplate: Faceplate) -> AsyncIterator[str]:
    async with served_page(Panel(FaceViewer(faceplate)), 0) as url:
        yield url.removesuffix("/").rpartition(":")[2]


@pytest.mark.parametrize("origin", [None, "http://127.0.0.1:{port}", "http://localhost:{port}"])
async def test_the_page_itself_and_programs_may_use_the_panel(port: str, origin: str | None) -> None:
    headers = {"Origin": origin.format(port=port)} if origin else {}
    async with connect(f"ws://127.0.0.1:{port}/panel", additional_headers=headers) as panel:
        assert await panel.recv()


@pytest.mark.parametrize(
    "origin",
    [
        *("http://evil.example", "null", "http://127.0.0.1:1", "http://127.0.0.1", "https://127.0.0.1:{port}"),
        *("http://127.0.0.1:{port}.evil.example", "http://evil.example/http://127.0.0.1:{port}"),
    ],
)
async def test_a_page_of_another_origin_may_not_use_the_panel(port: str, origin: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await connect(f"ws://127.0.0.1:{port}/panel", additional_headers={"Origin": origin.format(port=port)})
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize("path", ["/", "/panel"])
async def test_a_foreign_name_that_leads_here_is_refused(port: str, path: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(port))
    writer.write(f"GET {path} HTTP/1.1\r\nHost: evil.example:{port}\r\n\r\n".encode())
    answer = await reader.read()
    assert answer.split(b" ")[1] in (b"403", b"400", b"426"), answer
    assert b"<html" not in answer
    writer.close()
    await writer.wait_closed()
