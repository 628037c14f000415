"""One connection to the hub: the handshake, and HiveMessages in both directions."""

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from bridges.hive.config import Hub
from bridges.hive.errors import HubError
from bridges.hive.frames import Assembler, canonical, fields, hive_json, hive_message, pieces
from bridges.hive.noise import MAX_MESSAGE, PROTOCOL, Cipher, Initiator
from bus.client.client import open_socket
from bus.client.websocket import WebSocket
from bus.errors import BusUnavailableError, ConfigError, FrameError
from bus.message import clip, printable

if TYPE_CHECKING:
    from ssl import SSLContext

HANDSHAKE_TIMEOUT_S = 30.0
"""A hub takes a second to derive the key of each password, one after the other."""

USER_AGENT = "mycroft-hive"
"""The beginning of the name that the hub gives this device: "mycroft-hive::<id>::<name>::<session>"."""

_PATTERN, _SUITE = "XXpsk2", "25519_ChaChaPoly_SHA256"


class Greeting(NamedTuple):
    """What the hub says of itself before anything is encrypted; the handshake proves it."""

    node_id: str
    """The hub's name of itself, its public RSA key; the salt of the password."""
    peer: str
    """The hub's name of this device, with another session than it gets."""
    prologue: bytes

    @property
    def client_id(self) -> str:
        """The number that the hub's commands take for this device; "ID" where the hub does not say it."""
        _, _, rest = self.peer.partition("::")
        number = rest.partition("::")[0]
        return number if number.isdecimal() and number.isascii() else "ID"


class Identity(NamedTuple):
    """What the device tells the hub after the handshake."""

    session_id: str
    site: str | None


def tls_context(hub: Hub) -> "SSLContext | None":
    """What verifies the hub's certificate; None where the connection needs no TLS. Raises ConfigError."""
    if not hub.tls:
        return None
    import ssl  # noqa: PLC0415  # 4 MB that ws:// does not need

    try:
        return ssl.create_default_context(cafile=hub.ca_file)
    except OSError as error:  # an SSLError is one, too
        raise ConfigError(f"hive.ca_file: {hub.ca_file}: {error.strerror or error}") from error


@contextlib.asynccontextmanager
async def connect(hub: Hub, access_key: str, tls: "SSLContext | None") -> AsyncIterator["Connection"]:
    """A connection to the hub, which has said hello. Raises HubError."""
    authorization = base64.b64encode(f"{USER_AGENT}:{access_key}".encode()).decode()
    url = f"{hub.url}/?authorization={quote(authorization, safe='')}"
    try:
        async with open_socket(url, name="hub", max_size=MAX_MESSAGE, tls=tls) as socket:
            connection = Connection(socket)
            async with _limit("does not say hello"):
                await connection.read_greeting()
            yield connection
    except BusUnavailableError as error:
        raise HubError(str(error)) from error


class Connection:
    """A connection to the hub; `connect` makes it. `shake_hands` comes before `send` and `receive`."""

    def __init__(self, socket: WebSocket) -> None:
        self.greeting: Greeting
        self._socket = socket
        self._sending: Cipher
        self._receiving: Cipher
        self._assembler = Assembler()

    async def read_greeting(self) -> None:
        """Receives what the hub says first. Raises HubError."""
        self.greeting = _greeting(await self._clear("hello"), await self._clear("shake"))

    async def shake_hands(self, static: bytes, psk: bytes, pinned: bytes | None, identity: Identity) -> bytes:
        """Has both sides prove who they are, and says hello; returns the hub's public key. Raises HubError."""
        handshake = Initiator(static, psk, self.greeting.prologue)
        capabilities = canonical({"binarize": False, "encodings": ["JSON-HEX"]})
        await self._shake({"pattern": _PATTERN, "suite": _SUITE, "msg": handshake.begin(capabilities).hex()})
        async with _limit("does not answer the handshake"):
            answer = await self._clear("shake")
        try:
            message = bytes.fromhex(answer["noise"]["msg"])
        except (TypeError, KeyError, ValueError):
            raise HubError("the hub has answered the handshake with something else") from None
        handshake.read(message, pinned)
        last, self._sending, self._receiving = handshake.end()
        await self._shake({"msg": last.hex()})
        hello = {"session": {"session_id": identity.session_id}, "site_id": identity.site or "unknown"}
        await self.send(hive_json("hello", hello))
        return handshake.hub_key

    async def send(self, message: bytes) -> None:
        """Sends the JSON of a HiveMessage. Raises HubError. One task at a time may call it."""
        for piece in pieces(message):
            await self._write(self._sending.encrypt(piece))

    async def receive(self) -> bytes:
        """The JSON of the next HiveMessage. Raises HubError, with its reason at the end of the connection."""
        while True:
            plaintext = self._receiving.decrypt(await self._read())
            if (message := self._assembler.add(plaintext)) is not None:
                return message

    async def _shake(self, noise: dict[str, str]) -> None:
        await self._write(hive_json("shake", {"noise": noise}).decode())

    async def _clear(self, msg_type: str) -> dict[str, Any]:
        """The payload of the next message before the encryption, which is to have this type."""
        try:
            message = hive_message(await self._read())
            if message.msg_type != msg_type:
                raise FrameError(f"a {printable(clip(message.msg_type))} in place of a {msg_type}")
            return fields(message.payload)
        except FrameError as error:
            raise HubError(f"the hub does not speak as hivemind-core 5 does: {clip(str(error))}") from error

    async def _read(self) -> bytes:
        if (message := await self._socket.receive()) is None:
            raise HubError(self._socket.end)
        return message

    async def _write(self, message: str | bytes) -> None:
        try:
            await self._socket.send(message)
        except BusUnavailableError as error:
            raise HubError(str(error)) from error


@contextlib.asynccontextmanager
async def _limit(fault: str) -> AsyncIterator[None]:
    """Raises HubError, with the fault of the hub, where it takes too long."""
    try:
        async with asyncio.timeout(HANDSHAKE_TIMEOUT_S):
            yield
    except TimeoutError:
        raise HubError(f"the hub {fault}") from None


def _greeting(hello: dict[str, Any], offer: dict[str, Any]) -> Greeting:
    """Raises HubError for a hub that this device cannot speak with."""
    match hello, offer:
        case {"node_id": str(node_id), "peer": str(peer)}, {
            "noise": {"patterns": [*patterns], "suites": [*suites]}
        } if _PATTERN in patterns and _SUITE in suites:
            prologue = canonical(hello) + canonical(offer) + PROTOCOL.encode()
            return Greeting(node_id, peer, prologue)
    raise HubError(f"the hub does not offer {PROTOCOL}: it is older than hivemind-core 5")
