"""Services that answer nonsense or fail, and programs that pose as a service."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from dbus_fast import Message, Variant

from admin.actions.ssh import ENABLE
from admin.dbus import system as system_module
from admin.dbus.logind import Logind
from admin.dbus.system import SystemBus
from admin.dbus.systemd import Systemd, Template, Unit
from admin.dbus.timedate import Timedate
from admin.errors import HostError
from hw_sim.host import Host
from tests.admin.conftest import UNCLOSED
from tests.admin.hostile import Program
from tests.admin.test_host import SYSTEMD

pytestmark = [pytest.mark.real_time, UNCLOSED]

JOB = "/org/freedesktop/systemd1/job/1"
"""As predictable as the real one."""

UNIT = "/org/freedesktop/systemd1/unit/mycroft_2dssh_2denable_2eservice"

DONE = (SYSTEMD.path, SYSTEMD.interface, "JobRemoved", "uoss", 1, JOB, "mycroft-ssh-enable.service", "done")
FAILED = (*DONE[:-1], "failed")
FORGED = (*DONE[:-1], "forged")


@pytest.fixture
async def service(host: Host) -> AsyncIterator[Program]:
    """Has the names of all services that we call."""
    async with Program(host.address) as program:
        for name in ("org.freedesktop.systemd1", "org.freedesktop.login1", "org.freedesktop.timedate1"):
            await program.own(name)
        yield program


@pytest.fixture
async def stranger(host: Host) -> AsyncIterator[Program]:
    async with Program(host.address) as program:
        yield program


def reply(message: Message, signature: str = "", *body: Any) -> Message:
    return Message.new_method_return(message, signature, list(body))


def systemd(message: Message) -> Message:
    """Answers like systemd; jobs do not end by themselves."""
    return reply(message, "o", JOB) if message.member == "StartUnit" else reply(message)


VARIANT: Any = Variant  # its constructor has no types

SHAPES = [
    ("", []),
    ("s", ["yes"]),
    ("i", [5]),
    ("ss", ["enabled", "enabled"]),
    ("as", [["enabled"]]),
    ("v", [VARIANT("s", "true")]),
    ("v", [VARIANT("v", VARIANT("b", True))]),
    ("ov", ["/", VARIANT("b", True)]),
]
"""Signature and values of a reply."""


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape[0] or "nothing")
@pytest.mark.parametrize("method", ["reboot", "power_off", "synchronise", "ssh_enabled", "start"])
async def test_an_answer_of_another_shape_is_a_failed_action(
    system: SystemBus, service: Program, method: str, shape: tuple[str, list[Any]]
) -> None:
    service.answer = lambda message: reply(message, shape[0], *shape[1])
    calls: dict[str, Callable[[], Awaitable[object]]] = {
        "reboot": Logind(system).reboot,
        "power_off": Logind(system).power_off,
        "synchronise": Timedate(system).synchronise,
        "ssh_enabled": Systemd(system).ssh_enabled,
        "start": lambda: Systemd(system).start(ENABLE),
    }
    expected = {"reboot": "", "power_off": "", "ssh_enabled": "s"}.get(method)
    if shape[0] == expected:
        await calls[method]()
    else:
        with pytest.raises(HostError, match="returns"):
            await calls[method]()


def clock(**properties: bool | str) -> Callable[[Message], Message]:
    """timedated with these properties."""

    def answer(message: Message) -> Message:
        if message.member != "Get":
            return reply(message)
        value = properties[message.body[1]]
        return reply(message, "v", VARIANT("b" if isinstance(value, bool) else "s", value))

    return answer


@pytest.mark.parametrize("name", ["CanNTP", "NTPSynchronized"])
async def test_a_property_of_another_type_is_a_failed_action(
    system: SystemBus, service: Program, name: str
) -> None:
    properties: dict[str, bool | str] = {"CanNTP": True, "NTPSynchronized": True, name: "false"}
    service.answer = clock(**properties)
    with pytest.raises(HostError, match=rf"{name}: org\.freedesktop\.timedate1 returns 's', not 'b'"):
        await Timedate(system).synchronise()


@pytest.mark.parametrize("managed", [True, False])
async def test_a_right_clock_is_an_answer_also_where_timedated_manages_no_program(
    system: SystemBus, service: Program, managed: bool
) -> None:
    service.answer = clock(CanNTP=managed, NTPSynchronized=True)
    await Timedate(system).synchronise()
    called = {service.calls.get_nowait().member for _ in range(service.calls.qsize())}
    assert ("SetNTP" in called) == managed


async def test_without_a_program_that_sets_the_clock_the_error_names_some(
    system: SystemBus, service: Program
) -> None:
    service.answer = clock(CanNTP=False, NTPSynchronized=False)
    with pytest.raises(HostError, match="install systemd-timesyncd or chrony"):
        await Timedate(system).synchronise()


async def test_a_unit_is_done_when_systemd_says_so(system: SystemBus, service: Program) -> None:
    service.answer = systemd
    doing = asyncio.create_task(Systemd(system).start(ENABLE))
    await until_started(service)
    await service.signal(*DONE, to=None)
    await doing


@pytest.mark.parametrize("result", ["failed", "canceled", "timeout", "dependency", "skipped", ""])
async def test_a_unit_that_does_not_end_well_is_a_failed_action(
    system: SystemBus, service: Program, result: str
) -> None:
    service.answer = systemd
    doing = asyncio.create_task(Systemd(system).start(ENABLE))
    await until_started(service)
    await service.signal(*DONE[:-1], result, to=None)
    with pytest.raises(HostError, match=rf"mycroft-ssh-enable\.service: {result}"):
        await doing


@pytest.mark.parametrize("directly", [True, False], ids=["to us alone", "to all programs"])
async def test_a_forged_end_of_a_unit_is_ignored(
    system: SystemBus, service: Program, stranger: Program, directly: bool
) -> None:
    service.answer = systemd
    doing = asyncio.create_task(Systemd(system).start(ENABLE))
    us = await until_started(service)
    await stranger.signal(*FORGED, to=us if directly else None)
    await stranger.signal(
        *("/org/freedesktop/DBus", "org.freedesktop.DBus", "NameOwnerChanged"),
        *("sss", SYSTEMD.service, "", ":1.99"),
        to=us,
    )
    await service.signal(*FAILED, to=None)
    with pytest.raises(HostError, match="failed"):
        await doing


async def test_another_signal_of_the_service_is_not_the_end_of_a_unit(system: SystemBus, service: Program) -> None:
    service.answer = systemd
    doing = asyncio.create_task(Systemd(system).start(ENABLE))
    us = await until_started(service)
    path, interface, member, signature, number, job, unit, result = FORGED
    await service.signal("/elsewhere", *FORGED[1:], to=us)
    await service.signal(path, "org.example.Manager", *FORGED[2:], to=us)
    await service.signal(path, interface, "JobNew", *FORGED[3:], to=us)
    await service.signal(path, interface, member, signature, number, f"{job}0", unit, result, to=us)
    await service.signal(path, interface, member, "os", job, result, to=us)
    await service.signal(path, interface, member, "", to=us)
    await service.signal(*FAILED, to=None)
    with pytest.raises(HostError, match="failed"):
        await doing


async def test_a_new_owner_of_the_name_is_followed(system: SystemBus, service: Program, host: Host) -> None:
    service.answer = systemd
    doing = asyncio.create_task(Systemd(system).start(ENABLE))
    await until_started(service)
    await service.disown(SYSTEMD.service)
    async with Program(host.address) as successor:
        await successor.own(SYSTEMD.service)
        await service.signal(*FAILED, to=None)  # is not systemd any more
        await successor.signal(*DONE, to=None)
        await doing


async def test_signals_are_received_only_while_they_are_awaited(system: SystemBus, service: Program) -> None:
    service.answer = systemd
    async with system.signals(SYSTEMD, "JobRemoved", "uoss") as found:
        await system.call(SYSTEMD, "Subscribe")
    us = (await service.calls.get()).sender
    await service.signal(*DONE, to=us)
    await system.call(SYSTEMD, "Subscribe")  # its reply comes after the signal
    assert found.empty()


async def test_a_unit_that_never_ends_is_a_failed_action(system: SystemBus, service: Program) -> None:
    service.answer = systemd
    with pytest.raises(HostError, match=r"slow\.service is not done after 0\.1 s"):
        await Systemd(system).start(Unit("slow.service", 0.1))


async def test_a_service_that_does_not_answer_is_a_failed_action(
    system: SystemBus, service: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(system_module, "CALL_TIMEOUT_S", 0.1)
    with pytest.raises(HostError, match=r"Reboot: org\.freedesktop\.login1 does not answer"):
        await Logind(system).reboot()


@pytest.mark.parametrize(
    ("states", "enabled"),
    [
        ({"ssh.service": "enabled", "ssh.socket": "disabled"}, True),
        ({"ssh.service": "disabled", "ssh.socket": "enabled"}, True),
        ({"ssh.service": "disabled", "ssh.socket": "enabled-runtime"}, True),
        ({"ssh.service": "disabled", "ssh.socket": "disabled"}, False),
        ({"ssh.service": "masked", "ssh.socket": "static"}, False),
        ({"ssh.service": "enabled"}, True),
        ({}, False),
    ],
)
async def test_ssh_is_enabled_by_its_service_or_its_socket(
    system: SystemBus, service: Program, states: dict[str, str], enabled: bool
) -> None:
    def answer(message: Message) -> Message:
        state = states.get(message.body[0])
        if state is None:
            return Message.new_error(message, "org.freedesktop.DBus.Error.FileNotFound", "no such unit")
        return reply(message, "s", state)

    service.answer = answer
    assert await Systemd(system).ssh_enabled() is enabled


def loading(state: str) -> Callable[[Message], Message]:
    """systemd with a unit in this state."""

    def answer(message: Message) -> Message:
        match message.member:
            case "LoadUnit":
                return reply(message, "o", UNIT)
            case "Get":
                return reply(message, "v", VARIANT("s", state))
        return systemd(message)

    return answer


def status(text: str, interface: str = "org.freedesktop.systemd1.Service") -> tuple[Any, ...]:
    changed = {"StatusText": VARIANT("s", text)}
    return (UNIT, "org.freedesktop.DBus.Properties", "PropertiesChanged", "sa{sv}as", interface, changed, [])


async def test_the_status_texts_of_a_unit_are_its_progress(system: SystemBus, service: Program) -> None:
    service.answer = loading("activating")
    texts: asyncio.Queue[str] = asyncio.Queue()
    doing = asyncio.create_task(Systemd(system).start(ENABLE, texts.put))
    await until_called(service, "StartUnit")
    for text in ("one", "one", "", "two"):
        await service.signal(*status(text), to=None)
    path, interface, member, signature, *_ = status("")
    await service.signal(path, interface, member, signature, "org.freedesktop.systemd1.Unit", {}, [], to=None)
    assert [await texts.get(), await texts.get()] == ["one", "two"]
    await service.signal(*DONE, to=None)
    await doing
    assert texts.empty()


async def test_a_failure_to_report_progress_ends_the_action(system: SystemBus, service: Program) -> None:
    service.answer = loading("activating")

    failed = asyncio.Event()

    async def fail(text: str) -> None:
        failed.set()
        raise HostError(text)

    doing = asyncio.create_task(Systemd(system).start(ENABLE, fail))
    await until_called(service, "StartUnit")
    await service.signal(*status("one"), to=None)
    await failed.wait()
    await service.signal(*DONE, to=None)
    with pytest.raises(HostError, match="one"):
        await doing


@pytest.mark.parametrize("state", ["inactive", "failed", "active"])
async def test_a_unit_that_does_not_run_is_not_waited_for(system: SystemBus, service: Program, state: str) -> None:
    service.answer = loading(state)
    await Systemd(system).wait(ENABLE)


async def test_a_unit_of_an_earlier_daemon_is_waited_for(system: SystemBus, service: Program) -> None:
    service.answer = loading("activating")
    doing = asyncio.create_task(Systemd(system).wait(ENABLE))
    await until_called(service, "Get")
    path, interface, member, signature, number, _, unit, _ = DONE
    await service.signal(path, interface, member, signature, number, f"{JOB}7", "other.service", "done", to=None)
    await service.signal(path, interface, member, signature, number, f"{JOB}8", unit, "failed", to=None)
    with pytest.raises(HostError, match=r"mycroft-ssh-enable\.service: failed"):
        await doing


async def test_a_unit_is_stopped_when_systemd_says_so(system: SystemBus, service: Program) -> None:
    service.answer = lambda message: reply(message, "o", JOB) if message.member == "StopUnit" else reply(message)
    doing = asyncio.create_task(Systemd(system).stop(ENABLE))
    call = await until_called(service, "StopUnit")
    assert call.body == ["mycroft-ssh-enable.service", "replace"]
    await service.signal(*DONE, to=None)
    await doing


@pytest.mark.parametrize(
    "instance",
    ["", "de", "de_DE.service", "../de_DE", "de_DE\n", "de_DE de_DE", "d\u0660_DE", "de_DE$(x)", "DE_de"],
)
def test_a_template_has_only_the_instances_of_its_list(instance: str) -> None:
    template = Template("test@.service", "[a-z]{2}_[A-Z]{2}", 5)
    assert template.unit("de_DE") == Unit("test@de_DE.service", 5)
    with pytest.raises(HostError):
        template.unit(instance)


async def test_a_state_that_systemd_refuses_to_tell_is_no_answer(system: SystemBus, service: Program) -> None:
    service.answer = lambda message: Message.new_error(message, "org.freedesktop.DBus.Error.AccessDenied", "no")
    with pytest.raises(HostError, match="GetUnitFileState: no"):
        await Systemd(system).ssh_enabled()


async def until_started(service: Program) -> str:
    """Waits until the unit is started; returns the name of the connection that starts it."""
    call = await until_called(service, "StartUnit")
    assert call.sender
    return call.sender


async def until_called(service: Program, member: str) -> Message:
    """Waits for a call of this method."""
    async with asyncio.timeout(10):
        while (call := await service.calls.get()).member != member:
            pass
    return call
