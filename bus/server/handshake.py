"""The opening handshake of one client: bytes in, a role or a refusal out. No I/O."""

import socket
from http import HTTPStatus
from typing import cast

from websockets.exceptions import SecurityError
from websockets.http11 import Request
from websockets.server import ServerProtocol

from bus.daemon.config import BusSettings, Role, WebSocketSettings
from bus.server import admission
from bus.server.admission import Refusal
from bus.server.limits import MB, Counters

_END = b"\r\n\r\n"


class Handshake:
    """Reads the request; `local` where it comes from this machine, `secure` where over TLS.

    Once it is accepted, `protocol` has the response to send, and reads the frames that follow.
    """

    def __init__(
        self, websocket: WebSocketSettings, settings: BusSettings, counters: Counters, *, local: bool, secure: bool
    ) -> None:
        self._websocket = websocket
        self._settings = settings
        self._counters = counters
        self._local = local
        self._secure = secure
        self._received = bytearray()
        self.protocol = ServerProtocol(max_size=websocket.max_msg_size * MB)

    def __len__(self) -> int:
        """Bytes of the request that have been received."""
        return len(self._received)

    def receive(self, data: memoryview) -> Role | Refusal | None:
        """Adds to the request; None: it is not complete."""
        self._received += data
        request, end, rest = self._received.partition(_END)
        if not admission.is_request(request):
            self._counters.malformed += 1
            return admission.NOT_HTTP
        if len(self._received) > self._settings.max_header * 1024:
            self._counters.oversized += 1
            return admission.TOO_LARGE
        if rest:  # a client has to wait (RFC 6455, 4.1); the bus cannot know yet whether it may speak
            return admission.TOO_EAGER
        if not end:
            return None
        return self._answer(bytes(request + end))

    def _answer(self, raw: bytes) -> Role | Refusal:
        protocol = self.protocol
        protocol.receive_data(admission.without_empty_body(raw))
        events = protocol.events_received()
        if not events:
            return self._fault()
        if not raw.isascii():
            return admission.NOT_ASCII
        if not self._local and not self._secure:
            return admission.NOT_SECURE
        request = cast("Request", events[0])
        verdict = admission.admit(
            request.path,
            request.headers.raw_items(),
            local=self._local,
            hostname=socket.gethostname(),
            route=self._websocket.route,
            allowed_origins=self._settings.allowed_origins,
            tokens=self._settings.tokens,
        )
        if isinstance(verdict, Refusal):
            return verdict
        response = protocol.accept(request)
        if response.status_code != HTTPStatus.SWITCHING_PROTOCOLS:
            reason = (response.body or b"").decode().strip()
            return Refusal(HTTPStatus(response.status_code), reason, tuple(response.headers.raw_items()))
        protocol.send_response(response)
        return verdict

    def _fault(self) -> Refusal:
        fault = self.protocol.handshake_exc
        if fault and isinstance(fault.__cause__, SecurityError):
            self._counters.oversized += 1
            return admission.TOO_LARGE
        self._counters.malformed += 1
        return admission.NOT_HTTP
