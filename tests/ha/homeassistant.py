"""A real Home Assistant in a Debian 13 tree, which is made once and kept; its REST and WebSocket interfaces."""

import contextlib
import json
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from websockets.sync.client import connect

from tests.image.tree import SUITE, run

VERSION = "2026.2.3"
"""The last version for Python 3.13, which Debian 13 has."""

PACKAGES = ("ca-certificates", "g++", "gcc", "libffi-dev", "python3-dev", "python3-pip", "python3-venv")
"""The compiler is for lru-dict, which has no wheel for Python 3.13."""

CONFIGURATION = """\
homeassistant: {{name: A, latitude: 52, longitude: 13, elevation: 0, time_zone: UTC, country: DE, currency: EUR}}
http: {{server_host: 127.0.0.1, server_port: {port}}}
auth:
api:
websocket_api:
config:
"""
FOLDER = "srv/home"
"""Where the tree has the configuration."""

USER, PASSWORD, CLIENT = "owner", "owner-of-the-home", "http://127.0.0.1/"

CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
ENVIRONMENT = {
    "HOME": "/root",
    "LANG": "C.UTF-8",
    "PATH": "/opt/ha/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    # pip and uv, with which Home Assistant installs what an integration needs, bring certificates of their own.
    "PIP_CERT": CERTIFICATES,
    "SSL_CERT_FILE": CERTIFICATES,
    "UV_SYSTEM_CERTS": "1",
    "UV_NATIVE_TLS": "1",
}

START_TIMEOUT_S = 300.0
"""The first start installs more packages from PyPI."""
TIMEOUT_S = 40.0
POLL_S = 0.1


def until(condition: Callable[[], bool], what: str, timeout_s: float = TIMEOUT_S) -> None:
    """Waits until the condition holds. Raises AssertionError."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout_s:g} s: {what}")
        time.sleep(POLL_S)


def is_made(tree: Path) -> bool:
    """Whether the tree has Home Assistant."""
    return (tree / "opt/ha/bin/hass").exists()


def make_tree(tree: Path, mirror: str) -> None:
    """Makes the tree, in some minutes and 1.3 GB."""
    tree.parent.mkdir(parents=True, exist_ok=True)
    unfinished = tree.with_name("unfinished")
    for folder in (tree, unfinished):
        shutil.rmtree(folder, ignore_errors=True)
    run("debootstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}", SUITE, unfinished, mirror)
    if Path(CERTIFICATES).exists():  # behind a proxy, this machine has more than Debian
        shutil.copy(CERTIFICATES, unfinished / CERTIFICATES[1:])
    run(*_inside(unfinished), "python3", "-m", "venv", "/opt/ha")
    pip = ("/opt/ha/bin/pip", "install", "--quiet", "--no-cache-dir", "--prefer-binary")
    run(*_inside(unfinished), *pip, f"homeassistant=={VERSION}")
    unfinished.rename(tree)


def _inside(tree: Path) -> tuple[str, ...]:
    """The command that runs a program in the tree, with the network of this machine."""
    options = ("--quiet", "--register=no", "--keep-unit", "--as-pid2", "--pipe", "--resolv-conf=copy-host")
    environment = (f"--setenv={name}={value}" for name, value in ENVIRONMENT.items())
    return ("systemd-nspawn", *options, *environment, f"--directory={tree}")


class HomeAssistant:
    """Home Assistant with a new configuration. Use as a context manager; `stop` and `start` keep its state."""

    def __init__(self, tree: Path, port: int, log: Path) -> None:
        self._tree = tree
        self._log = log
        self._address = f"127.0.0.1:{port}"
        self._token = ""
        self._process: subprocess.Popen[bytes] | None = None
        folder = tree / FOLDER
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / "configuration.yaml").write_text(CONFIGURATION.format(port=port))

    def __enter__(self) -> Self:
        run(*_inside(self._tree), "hass", "--script", "auth", "-c", f"/{FOLDER}", "add", USER, PASSWORD)
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Starts it, and waits until it has started all integrations."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                (*_inside(self._tree), "hass", "-c", f"/{FOLDER}"),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        until(self._runs, "Home Assistant", START_TIMEOUT_S)

    @property
    def pid(self) -> int:
        """Process id of the command that runs it."""
        assert self._process is not None
        return self._process.pid

    def stop(self) -> None:
        """Stops it in an orderly way, so that it saves its state."""
        if self._process is None:
            return
        with contextlib.suppress(OSError):
            self._call("/api/services/homeassistant/stop", {})
        try:
            self._process.wait(TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def add_broker(self, port: int, username: str, password: str) -> None:
        """Adds the integration MQTT."""
        flow = self._call("/api/config/config_entries/flow", {"handler": "mqtt"})
        answer = {"broker": "127.0.0.1", "port": port, "username": username, "password": password}
        done = self._call(f"/api/config/config_entries/flow/{flow['flow_id']}", answer)
        assert done["type"] == "create_entry", done

    def act(self, action: str, entity: str | Sequence[str], **data: Any) -> None:
        """Performs an action, such as "switch.turn_on", on one entity or several."""
        self._call(f"/api/services/{action.replace('.', '/')}", {"entity_id": entity, **data})

    @property
    def states(self) -> Mapping[str, Mapping[str, Any]]:
        """State and attributes of all entities, by entity id."""
        return {state["entity_id"]: state for state in self._call("/api/states")}

    def state(self, entity: str) -> str | None:
        """State of an entity; None without such an entity."""
        found = self.states.get(entity)
        return None if found is None else str(found["state"])

    def attribute(self, entity: str, name: str) -> Any:
        """Attribute of an entity; None without it."""
        return self.states.get(entity, {}).get("attributes", {}).get(name)

    def shows(self, entity: str, state: str, **attributes: Any) -> None:
        """Waits until an entity has this state and these attributes. Raises AssertionError."""

        def found() -> bool:
            now = self.states.get(entity, {"state": None, "attributes": {}})
            return bool(now["state"] == state and attributes.items() <= now["attributes"].items())

        try:
            until(found, "")
        except AssertionError:
            raise AssertionError(f"{entity} is not {state} {attributes}: {self.states.get(entity)}") from None

    def image(self, entity: str) -> bytes | None:
        """The image of an entity; None while it has none."""
        try:
            return self._read(f"/api/image_proxy/{entity}")
        except HTTPError:
            return None

    @property
    def registry(self) -> Mapping[str, Mapping[str, Any]]:
        """Entries of the entity registry, which also has disabled entities, by entity id."""
        entries = self._ask("config/entity_registry/list")
        return {entry["entity_id"]: entry for entry in entries}

    def delete(self, device: str) -> None:
        """Deletes the device with this id, as its page does."""
        found = self._ask("config/device_registry/list")
        entry = next(entry for entry in found if ["mqtt", device] in entry["identifiers"])
        self._ask(
            "config/device_registry/remove_config_entry",
            device_id=entry["id"],
            config_entry_id=entry["config_entries"][0],
        )

    @property
    def warnings(self) -> list[str]:
        """Lines of its log about MQTT, from warning on."""
        lines = self._log.read_text().splitlines()
        return [line for line in lines if ("WARNING" in line or "ERROR" in line) and "mqtt" in line.lower()]

    def _ask(self, kind: str, **more: object) -> Any:
        """The result of one command of the WebSocket API."""
        with connect(f"ws://{self._address}/api/websocket", max_size=None) as websocket:
            websocket.recv()
            websocket.send(json.dumps({"type": "auth", "access_token": self._token}))
            websocket.recv()
            websocket.send(json.dumps({"id": 1, "type": kind, **more}))
            answer = json.loads(websocket.recv())
        assert answer["success"], answer
        return answer["result"]

    def _runs(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, f"Home Assistant has ended: {self._log}"
        try:
            if not self._token:
                self._log_in()
            return bool(self._call("/api/config")["state"] == "RUNNING")
        except OSError:
            return False

    def _log_in(self) -> None:
        flow = self._call(
            "/auth/login_flow",
            {"client_id": CLIENT, "handler": ["homeassistant", None], "redirect_uri": CLIENT},
        )
        login = {"client_id": CLIENT, "username": USER, "password": PASSWORD}
        code = self._call(f"/auth/login_flow/{flow['flow_id']}", login)["result"]
        form = {"client_id": CLIENT, "grant_type": "authorization_code", "code": code}
        self._token = self._call("/auth/token", urlencode(form))["access_token"]

    def _call(self, path: str, body: Mapping[str, Any] | str | None = None) -> Any:
        """A request, with JSON or a form; returns the JSON of the response. Raises OSError."""
        return json.loads(self._read(path, body))

    def _read(self, path: str, body: Mapping[str, Any] | str | None = None) -> bytes:
        data = None if body is None else (body if isinstance(body, str) else json.dumps(body)).encode()
        kind = "application/x-www-form-urlencoded" if isinstance(body, str) else "application/json"
        headers = {"Content-Type": kind} | ({"Authorization": f"Bearer {self._token}"} if self._token else {})
        request = Request(f"http://{self._address}{path}", data, headers)
        with urlopen(request, timeout=TIMEOUT_S) as response:  # noqa: S310
            return bytes(response.read())
