"""Offers the wifi setup to OVOS, whose own wifi setup has registered programs do it."""

from admin.service import AdminService
from admin.trust import is_obeyed, sender_of
from admin.wifi.connectivity import Connectivity
from bus.client.dispatch import Dispatcher, Emit
from bus.contract import ours as topics
from bus.contract.topic import Topic
from bus.message import Message

CLIENT = "mycroft-admin"
"""Our name there; `admin.wifi.session` reports the end of a setup under it."""

PATTERNS = (f"{topics.WIFI_PLUGIN_ACTIVATE}*", f"{topics.WIFI_PLUGIN_DEACTIVATE}*")
"""The types with our id in them, which OVOS chooses."""

_REGISTRATION = {
    "client": CLIENT,
    "type": "Remote",
    "display_text": "On your phone",
    "has_gui": True,  # OVOS refuses a program without that and without input
    "requires_input": False,
}

MAX_IDS = 100
"""Registrations that are followed: OVOS gives one at each of its starts."""


class OvosClient:
    """Registers as a program that can set the wifi up, and does it when OVOS activates it."""

    def __init__(
        self, service: AdminService, connectivity: Connectivity, dispatcher: Dispatcher, emit: Emit
    ) -> None:
        self._service = service
        self._connectivity = connectivity
        self._dispatcher = dispatcher
        self._emit = emit
        self._ids: set[str] = set()
        self._active = False
        """Whether OVOS has started a setup, and not ended it."""
        dispatcher.on(topics.CONNECTED, self._on_bus)
        dispatcher.on(topics.WIFI_PLUGIN_ALIVE, self._on_alive)
        dispatcher.on(topics.WIFI_PLUGIN_REGISTERED, self._on_registered)

    async def _on_bus(self, _: Message) -> None:
        # OVOS does not answer a second registration, so that the id would stay unknown.
        await self._emit(Message(topics.WIFI_PLUGIN_DEREGISTER.name, {"client": CLIENT}))
        await self._register()

    async def _on_alive(self, _: Message) -> None:
        await self._register()

    async def _register(self) -> None:
        await self._emit(Message(topics.WIFI_PLUGIN_REGISTER.name, _REGISTRATION))

    async def _on_registered(self, _: Message, client: str, id: str) -> None:  # noqa: A002  # as in the message
        if client != CLIENT or id in self._ids or len(self._ids) >= MAX_IDS:
            return
        self._ids.add(id)
        self._dispatcher.on(Topic(topics.WIFI_PLUGIN_ACTIVATE + id, "Starts our setup."), self._on_activate)
        self._dispatcher.on(Topic(topics.WIFI_PLUGIN_DEACTIVATE + id, "Ends our setup."), self._on_deactivate)

    async def _on_activate(self, message: Message) -> None:
        """Starts a setup; for a sender that may not administer the machine only where no network is lost."""
        link = self._connectivity.link
        if is_obeyed(sender_of(message)) or (link is not None and not link.network):
            self._active = True
            self._service.begin(topics.WIFI_SETUP, lang=None, allow_timeout=False)

    async def _on_deactivate(self, message: Message) -> None:
        if self._active or is_obeyed(sender_of(message)):
            self._active = False
            self._service.begin(topics.WIFI_STOP)
