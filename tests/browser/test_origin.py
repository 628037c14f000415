"""Web pages and the bus: a listed origin may connect, and no other may send anything."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait
from websockets.asyncio.client import connect

from bus.daemon.config import BusSettings, WebSocketSettings
from bus.server.listener import Server
from hw_sim.process import Program

pytestmark = pytest.mark.real_time

# Connects to the bus in the fragment of its URL, sends the types that follow there, and logs what it receives.
PAGE = """\
<!doctype html>
<title>page</title>
<pre id="log"></pre>
<script>
  const [url, ...messages] = decodeURIComponent(location.hash.slice(1)).split(" ")
  const log = line => document.getElementById("log").append(line + "\\n")
  const bus = new WebSocket(url)
  bus.onopen = () => messages.forEach(type => bus.send(JSON.stringify({ type })))
  bus.onmessage = event => log(event.data)
  bus.onclose = event => log("closed " + event.code)
</script>
"""


@pytest.fixture
async def port(tmp_path: Path) -> AsyncIterator[str]:
    """The port that serves the page."""
    (tmp_path / "index.html").write_text(PAGE)
    command = (sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", str(tmp_path))
    async with Program("page", command, print) as program:
        yield (await program.line("Serving HTTP on ")).split()[5]


async def shows(browser: Chrome, line: str) -> None:
    """Waits for a line in the page's log."""

    def lines(_: Chrome) -> bool:
        return line in browser.find_element(By.ID, "log").text.splitlines()

    await asyncio.to_thread(WebDriverWait(browser, 10).until, lines, f"never showed {line}")


async def test_a_page_of_a_listed_origin_sends_and_receives(browser: Chrome, port: str) -> None:
    page = f"http://127.0.0.1:{port}"
    settings = BusSettings(allowed_origins=(page,))
    async with Server(WebSocketSettings(port=0), settings) as bus, connect(bus.url) as client:
        await client.recv()
        await asyncio.to_thread(browser.get, f"{page}/#{bus.url} speak")
        assert await client.recv() == '{"type":"speak"}'
        await client.send('{"type":"speak","data":{"utterance":"hello page"}}')
        await shows(browser, '{"type":"speak"}')
        await shows(browser, '{"type":"speak","data":{"utterance":"hello page"}}')


@pytest.mark.parametrize("listed", ["http://127.0.0.1:1", "http://localhost:{port}", "http://127.0.0.1"])
async def test_a_page_of_another_origin_is_refused(browser: Chrome, port: str, listed: str) -> None:
    settings = BusSettings(allowed_origins=(listed.format(port=port),))
    async with Server(WebSocketSettings(port=0), settings) as bus, connect(bus.url) as client:
        await client.recv()
        await asyncio.to_thread(browser.get, f"http://127.0.0.1:{port}/#{bus.url} speak system.factory.reset")
        await shows(browser, "closed 1006")
        assert bus.hub.counters.refused == 1
        await client.send('{"type":"after"}')
        assert await client.recv() == '{"type":"after"}'  # and nothing of the page before it
