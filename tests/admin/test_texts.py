"""Texts that D-Bus cannot carry: its broker closes the connection of a client that sends one."""

import asyncio
import os
from collections.abc import Callable

import pytest
from dbus_fast import Message, Variant

from admin.actions import ACTIONS
from admin.dbus.system import Remote, SystemBus
from admin.errors import HostError
from admin.host import Host as AdminHost
from admin.service import AdminService
from admin.unfinished import Unfinished
from bus.client.dispatch import Dispatcher
from bus.contract import ours as topics
from bus.contract.topic import REQUIRED
from bus.message import Message as BusMessage
from hw_sim.host import Host
from hw_sim.networkmanager import NetworkManager, Router
from tests.admin.conftest import UNCLOSED
from tests.admin.hostile import Program

pytestmark = [pytest.mark.real_time, UNCLOSED]

TARGET = Remote("org.example.Target", "/org/example", "org.example.Target")
DRIVER = Remote("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus")
ROUTERS = (Router(b"home", "WPA2", "correct horse", 80),)


@pytest.mark.parametrize("text", ["a\0b", "\0", "\udc80"])
@pytest.mark.parametrize(
    ("signature", "wrap"),
    [
        ("s", lambda text: text),
        ("as", lambda text: [text]),
        ("(sb)", lambda text: (text, True)),
        ("v", lambda text: Variant("s", text)),
        ("a{sa{sv}}", lambda text: {"802-11-wireless-security": {"psk": Variant("s", text)}}),
        ("a{ss}", lambda text: {text: ""}),
        ("av", lambda text: [Variant("as", [text])]),
    ],
)
async def test_a_text_that_d_bus_cannot_carry_is_an_error_and_the_connection_stays(
    system: SystemBus, host: Host, signature: str, wrap: Callable[[str], object], text: str
) -> None:
    with pytest.raises(HostError, match="does not allow"):
        await system.call(TARGET, "Take", signature, wrap(text))
    async with Program(host.address) as program:
        program.answer = Message.new_method_return
        await program.own(TARGET.service)
        await system.call(TARGET, "Take", signature, wrap("Café \u202e ' \\ $(id)"))


TEXTS = [
    (action.request.name, field.name)
    for action in ACTIONS
    for field in action.request.fields
    if field.kind is str and action.request is not topics.WIFI_SETUP  # its language does not reach D-Bus
]


@pytest.mark.parametrize(("msg_type", "name"), TEXTS)
@pytest.mark.parametrize("text", ["a\0b", "wpa2\0key", "\udc80" * 8])
async def test_no_text_of_a_request_ends_the_connection_to_d_bus(
    system: SystemBus, host: Host, msg_type: str, name: str, text: str
) -> None:
    [action] = [action for action in ACTIONS if action.request.name == msg_type]
    emitted = asyncio.Queue[BusMessage]()
    dispatcher = Dispatcher(emitted.put)
    good = {field.name: "home" for field in action.request.fields if field.default is REQUIRED}
    sender = {"uid": os.getuid(), "pid": None, "process": None}
    async with NetworkManager(host.address, ROUTERS, pace=0.005), asyncio.TaskGroup() as group:
        AdminService([action], AdminHost.on(system), dispatcher, emitted.put, group, unfinished=Unfinished(None))
        await dispatcher(BusMessage(action.request.name, {**good, name: text}, {topics.SENDER: sender}))
        answer = await emitted.get()
        assert answer.msg_type == f"{action.request.name}.failed"
        assert "internal error" not in answer.data["error"]
    assert await system.call(DRIVER, "NameHasOwner", "s", "x", returns="b") == [False]
