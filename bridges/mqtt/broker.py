"""One connection to the broker. The only file that uses paho.

paho lets an event loop read and write: the loop calls it when the socket is ready. Only connecting blocks, and has
a thread. aiomqtt wraps paho, but drops the reason for which a broker refuses a publication, reads only a part of
what TLS has decrypted, and loads OpenSSL even for a broker on this machine.
"""

import asyncio
import contextlib
import logging
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Self

from paho.mqtt import client as paho
from paho.mqtt.client import Client, MQTTMessage, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from bridges.mqtt.config import Broker
from bridges.mqtt.errors import BrokerError
from bridges.mqtt.mapping import MAX_PAYLOAD
from bus.errors import ConfigError

if TYPE_CHECKING:
    from ssl import SSLContext

KEEPALIVE_S = 30
"""The broker publishes the will when it receives nothing for one and a half times as long (MQTT 5, 3.1.2.10)."""

CONNECT_TIMEOUT_S = 15.0
ANSWER_TIMEOUT_S = 10.0
CLOSE_TIMEOUT_S = 1.0

MAX_PACKET = MAX_PAYLOAD + 1024
"""Maximum size in bytes of a packet from the broker, with its topic and properties."""

MAX_QUEUED = 500
"""Maximum number of publications that wait for the broker; a device has some 20 states."""

_MISC_S = 1.0
"""How often paho checks whether a ping is due."""


class _NoTls:
    """The names of ssl that paho uses on a socket without TLS; `bus.daemon.start.lean` blocks that module."""

    SSLWantReadError = SSLWantWriteError = BlockingIOError


if sys.modules.get("ssl") is None:
    vars(paho)["ssl"] = _NoTls
vars(paho)["socks"] = None  # paho would look for a proxy where PySocks is installed, and load all of HTTP for that

_LOGGER = logging.getLogger(__name__)

Receive = Callable[[str, bytes, bool], None]
"""Called with topic and payload of a publication from the broker, and whether it was retained."""

Refused = Callable[[str, str], None]
"""Called with the topic of a publication that the broker refuses, and the broker's reason."""


def tls_context(broker: Broker) -> "SSLContext | None":
    """Context that verifies the broker's certificate; None for a connection without TLS. Raises ConfigError."""
    if not broker.tls:
        return None
    import ssl  # noqa: PLC0415  # 4 MB that a broker on this machine does not need

    # OpenSSL looks into a folder when it verifies a certificate. By default, it would also load the file with all.
    folder = None if broker.ca_file else ssl.get_default_verify_paths().capath
    try:
        return ssl.create_default_context(cafile=broker.ca_file, capath=folder)
    except OSError as error:  # an SSLError is one, too
        raise ConfigError(f"mqtt.ca_file: {broker.ca_file}: {error.strerror or error}") from error


class Connection:
    """A connection to the broker. Use as an async context manager; entering raises BrokerError."""

    def __init__(
        self,
        broker: Broker,
        tls: "SSLContext | None",
        receive: Receive,
        refused: Refused,
        *,
        client_id: str,
        will: tuple[str, str],
    ) -> None:
        self._broker = broker
        self._receive = receive
        self._refused = refused
        self._topics: dict[int, str] = {}
        """The topic of each publication that the broker has not acknowledged."""
        self._subscribed: dict[int, asyncio.Future[None]] = {}
        self._attached = False
        """Whether the event loop owns the socket; before that, the thread that opens it does."""
        self._loop = asyncio.get_running_loop()
        self._accepted: asyncio.Future[None] = self._loop.create_future()
        self._ended: asyncio.Future[str] = self._loop.create_future()
        self._misc: asyncio.TimerHandle | None = None
        client = self._client = Client(
            CallbackAPIVersion.VERSION2, client_id, protocol=MQTTv5, reconnect_on_failure=False
        )
        client.max_queued_messages_set(MAX_QUEUED)
        client.will_set(*will, qos=1, retain=True)
        if broker.username is not None:
            client.username_pw_set(broker.username, broker.password)
        if tls is not None:
            client.tls_set_context(tls)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_publish = self._on_publish
        client.on_subscribe = self._on_subscribe
        client.on_socket_open = self._on_socket_open
        client.on_socket_close = self._on_socket_close
        client.on_socket_register_write = self._on_register_write
        client.on_socket_unregister_write = self._on_unregister_write

    async def __aenter__(self) -> Self:
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await self._open()
                self._attach()
                await asyncio.wait((self._accepted, self._ended), return_when=asyncio.FIRST_COMPLETED)
            if not self._accepted.done():
                await self.ended()
            self._accepted.result()
        except TimeoutError:
            self._drop("")
            raise BrokerError(f"{self._broker} does not answer") from None
        except BaseException:
            self._drop("")
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        if not self._ended.done():
            # The broker publishes the will, which says that the device is offline.
            self._client.disconnect(ReasonCode(PacketTypes.DISCONNECT, "Disconnect with will message"))
            await asyncio.wait((self._ended,), timeout=CLOSE_TIMEOUT_S)
        self._drop("closed")

    async def ended(self) -> None:
        """Waits for the end of the connection; raises BrokerError with its reason."""
        raise BrokerError(f"{self._broker}: {await asyncio.shield(self._ended)}")

    async def subscribe(self, topics: Sequence[str]) -> None:
        """Subscribes to topics, without retained publications; returns when the broker has acknowledged it.

        Raises BrokerError.
        """
        options = SubscribeOptions(
            qos=1, retainAsPublished=True, retainHandling=SubscribeOptions.RETAIN_DO_NOT_SEND
        )
        code, mid = self._client.subscribe([(topic, options) for topic in topics])
        if code is not MQTTErrorCode.MQTT_ERR_SUCCESS or mid is None:
            raise BrokerError(f"{self._broker}: the connection has ended")
        answer = self._subscribed[mid] = self._loop.create_future()
        await asyncio.wait((answer, self._ended), timeout=ANSWER_TIMEOUT_S, return_when=asyncio.FIRST_COMPLETED)
        if answer.done():  # first: a broker may refuse, and close the connection as well
            answer.result()
        elif self._ended.done():
            await self.ended()
        else:
            raise BrokerError(f"{self._broker} does not answer a subscription")

    def publish(self, topic: str, payload: str | bytes, *, qos: int, retain: bool) -> None:
        """Queues a publication. Where the queue is full, the connection ends; nothing is raised."""
        if self._ended.done():
            return
        published = self._client.publish(topic, payload, qos, retain)
        if published.rc is not MQTTErrorCode.MQTT_ERR_SUCCESS:
            self._drop("it is too slow")
        elif qos and not published.is_published():
            self._topics[published.mid] = topic

    # Connecting.

    async def _open(self) -> None:
        """Opens the socket in a daemon thread, so that resolving a name does not delay the end of the process."""
        opened: asyncio.Future[None] = self._loop.create_future()

        def finish(error: Exception | None) -> None:
            if opened.done():  # cancelled
                self._drop("")
            elif error is not None:
                opened.set_exception(BrokerError(f"{self._broker}: {getattr(error, 'strerror', None) or error}"))
            else:
                opened.set_result(None)

        def connect() -> None:
            found: Exception | None = None
            try:
                largest = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # of paho
                largest.MaximumPacketSize = MAX_PACKET
                self._client.connect(
                    self._broker.host, self._broker.port, KEEPALIVE_S, clean_start=True, properties=largest
                )
            except (OSError, ValueError) as error:  # ValueError: a host name that no certificate can have
                found = error
            with contextlib.suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(finish, found)

        threading.Thread(target=connect, name="broker", daemon=True).start()
        await opened

    def _attach(self) -> None:
        sock = self._client.socket()
        if sock is None:
            raise BrokerError(f"{self._broker} has closed the connection")
        self._attached = True
        self._loop.add_reader(sock, self._on_readable)
        if self._client.want_write():
            self._loop.add_writer(sock, self._on_writable)
        self._on_misc()

    def _drop(self, reason: str) -> None:
        """Closes the socket in any state; may be called twice."""
        if not self._ended.done():
            self._ended.set_result(reason)
        if self._misc is not None:
            self._misc.cancel()
        if (sock := self._client.socket()) and sock.fileno() >= 0:
            if self._attached:
                self._loop.remove_reader(sock)
                self._loop.remove_writer(sock)
            sock.close()

    # The socket.

    def _on_readable(self) -> None:
        with self._containing():
            self._client.loop_read()
            while (sock := self._client.socket()) and getattr(sock, "pending", int)():  # decrypted by TLS already
                self._client.loop_read()

    def _on_writable(self) -> None:
        with self._containing():
            self._client.loop_write()

    def _on_misc(self) -> None:
        with self._containing():
            self._client.loop_misc()
        if not self._ended.done():
            self._misc = self._loop.call_later(_MISC_S, self._on_misc)

    @contextlib.contextmanager
    def _containing(self) -> Any:
        try:
            yield
        except Exception as error:  # paho raises many types for a malformed packet
            _LOGGER.debug("malformed packet", exc_info=True)
            self._drop(f"it has sent a malformed packet ({type(error).__name__})")

    def _on_socket_open(self, _: Client, __: Any, sock: Any) -> None:
        # A state follows the receipt of its command, and would wait 40 ms for the acknowledgement by TCP of that.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _on_register_write(self, _: Client, __: Any, sock: Any) -> None:
        if self._attached:
            self._loop.add_writer(sock, self._on_writable)

    def _on_unregister_write(self, _: Client, __: Any, sock: Any) -> None:
        if self._attached:
            self._loop.remove_writer(sock)

    def _on_socket_close(self, _: Client, __: Any, sock: Any) -> None:
        if self._attached:
            self._loop.remove_reader(sock)
            self._loop.remove_writer(sock)

    # Packets from the broker.

    def _on_connect(self, _: Client, __: Any, ___: Any, reason: ReasonCode, ____: Any) -> None:
        if self._accepted.done():
            return
        if reason.is_failure:
            self._accepted.set_exception(BrokerError(f"{self._broker} refuses the connection: {reason}"))
        else:
            self._accepted.set_result(None)

    def _on_disconnect(self, _: Client, __: Any, ___: Any, reason: ReasonCode, ____: Any) -> None:
        text = "it has closed the connection" if reason.value in (0, 128) else f"disconnected: {reason}"
        if not self._ended.done():
            self._ended.set_result(text)

    def _on_message(self, _: Client, __: Any, message: MQTTMessage) -> None:
        self._receive(message.topic, message.payload, message.retain)

    def _on_publish(self, _: Client, __: Any, mid: int, reason: ReasonCode, ___: Any) -> None:
        topic = self._topics.pop(mid, None)
        if topic is not None and reason.is_failure:
            self._refused(topic, str(reason))

    def _on_subscribe(self, _: Client, __: Any, mid: int, reasons: list[ReasonCode], ___: Any) -> None:
        answer = self._subscribed.pop(mid, None)
        if answer is None or answer.done():
            return
        if failed := [reason for reason in reasons if reason.is_failure]:
            answer.set_exception(BrokerError(f"{self._broker} refuses a subscription: {failed[0]}"))
        else:
            answer.set_result(None)
