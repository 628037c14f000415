"""What the actions do on a host of the test, and what they report."""

import asyncio
import contextlib
import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from admin.action import Action, Answer
from admin.actions import ACTIONS, wifi
from admin.dbus.system import NO_SERVICE
from admin.dbus.systemd import FAILED, Progress, Unit
from admin.errors import HostError
from admin.locales import Locales
from admin.results import Results
from admin.trust import Sender
from bus.contract import ours as topics
from bus.contract.lookup import TOPICS
from bus.contract.topic import Topic

ROW = {action.request: action for action in ACTIONS}

US = Sender(os.getuid(), 1, "mycroft-enclosure")
ROOT = Sender(0, 2, "sudo")
MEMBER = Sender(4_000_000_000, 3, "skill")

DATA: dict[str, dict[str, Any]] = {
    "system.configure.language": {"language_code": "de_DE"},
    "system.configure.timezone": {"timezone": "Europe/Berlin"},
    "system.configure.hostname": {"hostname": "kitchen"},
}
"""The data of requests that need some."""

UPDATED = '{"id":"7","from":"1.0","to":"1.1","rc":0,"error":""}'
NOT_UPDATED = '{"id":"7","from":"1.0","to":"1.0","rc":0,"error":""}'
NO_SOURCE = '{"id":"7","from":"1.0","to":"1.0","rc":1,"error":"no source"}'


class Host:
    """Every service of the host: it notes the calls, and fails where the test says so."""

    def __init__(self, folder: Path) -> None:
        self.calls: list[str] = []
        self.errors: dict[str, HostError] = {}
        self.statuses: tuple[str, ...] = ()
        self.results = Results(folder)
        self.locales = Locales(folder / "SUPPORTED")
        self._folder = folder
        (folder / "SUPPORTED").write_text("de_DE.UTF-8 UTF-8\nde_DE ISO-8859-1\neo UTF-8\nfil_PH UTF-8\n")
        self.result = UPDATED
        """What the unit of the update leaves."""

    def leave_result(self) -> None:
        result = self._folder / "mycroft-update/result"
        result.parent.mkdir(exist_ok=True)
        result.write_text(self.result)

    def __getattr__(self, service: str) -> "Service":
        return Service(self, service)

    async def call(self, *words: str) -> bool:
        call = " ".join(words)
        self.calls.append(call)
        if "mycroft-update.service" in words:
            self.leave_result()
        if call in self.errors:
            raise self.errors[call]
        return True


class Service:
    def __init__(self, host: Host, name: str) -> None:
        self._host = host
        self._name = name

    def __getattr__(self, method: str) -> Callable[..., Any]:
        async def call(*arguments: Any) -> bool:
            words = [argument.name if isinstance(argument, Unit) else str(argument) for argument in arguments[:1]]
            if self._name == "systemd" and len(arguments) > 1:
                progress: Progress = arguments[1]
                for status in self._host.statuses:
                    await progress(status)
            return await self._host.call(self._name, method, *words)

        return call


class Reports:
    """A `Reporter`; `react` sends what other programs answer to a report."""

    def __init__(self, sender: Sender | None = US) -> None:
        self.sender = sender
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.react: Callable[[Topic], None] = lambda _: None
        self.kept: dict[str, Any] = {}
        self._queues: dict[asyncio.Queue[Answer], tuple[Topic, ...]] = {}

    def keep(self, **fields: Any) -> None:
        self.kept = fields

    async def __call__(self, topic: Topic, **data: Any) -> None:
        self.sent.append((topic.name, data))
        self.react(topic)

    @contextlib.contextmanager
    def answers(self, *wanted: Topic) -> Iterator[asyncio.Queue[Answer]]:
        queue = asyncio.Queue[Answer]()
        self._queues[queue] = wanted
        yield queue
        del self._queues[queue]

    def answer(self, topic: Topic, sender: Sender | None = US, **fields: Any) -> None:
        for queue, wanted in self._queues.items():
            if topic in wanted:
                queue.put_nowait(Answer(topic, sender, fields))

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.sent]


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


async def perform(host: Any, topic: Topic, report: Any, **data: Any) -> None:
    if confirm := ROW[topic].confirm:
        await confirm(report)
    await ROW[topic].perform(host, report, **topic.read({**DATA.get(topic.name, {}), **data}))


@pytest.mark.parametrize(
    "action", [action for action in ACTIONS if action not in wifi.ACTIONS], ids=lambda action: action.request.name
)
async def test_every_action_reports_what_the_contract_says(host: Host, action: Action) -> None:
    report = Reports()
    host.statuses = ("download 40",)
    await perform(host, action.request, report)
    assert [name for name in report.names if name in action.request.replies] == list(action.request.replies)
    assert [TOPICS[name].problems(data) for name, data in report.sent] == [[]] * len(report.sent)


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.request.name)
def test_every_action_says_what_it_does(action: Action) -> None:
    assert action.does


# Update.


@pytest.mark.parametrize(("result", "has_updated"), [(UPDATED, True), (NOT_UPDATED, False)])
@pytest.mark.parametrize("resumed", [False, True])
async def test_the_result_of_an_update_is_read_from_its_file(
    host: Host, result: str, has_updated: bool, resumed: bool
) -> None:
    host.result = result
    report = Reports(None)
    action = ROW[topics.UPDATE]
    assert action.resume
    await (action.resume if resumed else action.perform)(host, report)
    assert report.sent[-1] == ("system.update.complete", {"has_updated": has_updated})
    assert host.calls == [f"systemd {'wait' if resumed else 'start'} mycroft-update.service"]


async def test_the_status_of_the_unit_is_the_progress_of_an_update(host: Host) -> None:
    report = Reports()
    host.statuses = ("prepare", "download 40", "install 100", "odd ²")
    await perform(host, topics.UPDATE, report)
    assert [data for name, data in report.sent if name == "system.update.progress"] == [
        {"step": "prepare", "percent": None},
        {"step": "download", "percent": 40},
        {"step": "install", "percent": 100},
        {"step": "odd", "percent": None},
    ]


@pytest.mark.parametrize(
    ("left", "kind", "expected"),
    [
        (NO_SOURCE, FAILED, "no source"),
        ("", FAILED, "unit: failed"),  # killed
        (NO_SOURCE, "org.freedesktop.DBus.Error.AccessDenied", "unit: failed"),  # it did not run
    ],
)
async def test_a_failed_update_says_why_and_lets_mycroft_core_go_on(
    host: Host, tmp_path: Path, left: str, kind: str, expected: str
) -> None:
    host.result = left
    error = HostError("unit: failed", kind)
    host.errors = {f"systemd {verb} mycroft-update.service": error for verb in ("start", "wait")}
    action = ROW[topics.UPDATE]
    assert action.resume
    assert action.failure
    for function in (action.perform, partial(action.resume, before=None)):
        with pytest.raises(HostError, match=expected):
            await function(host, Reports())
        (tmp_path / "mycroft-update/result").unlink()
    assert action.failure(error) == (topics.UPDATE_COMPLETE, {"has_updated": False})


async def test_an_update_that_ended_between_two_daemons_with_an_error_has_failed(host: Host) -> None:
    host.result = NO_SOURCE
    action = ROW[topics.UPDATE]
    assert action.resume
    with pytest.raises(HostError, match="no source"):
        await action.resume(host, Reports())


async def test_the_result_of_an_earlier_update_is_not_reported_again(host: Host) -> None:
    """The daemon is restarted between its record and the start of the unit, or its script does not begin."""
    report = Reports()
    action = ROW[topics.UPDATE]
    assert action.resume
    await action.perform(host, report)
    assert report.kept == {"before": None}
    failed = HostError("unit: failed", FAILED)
    for function in (action.perform, partial(action.resume, before="7")):
        with pytest.raises(HostError, match="was not started"):
            await function(host, report)
    host.errors = {"systemd start mycroft-update.service": failed}
    with pytest.raises(HostError, match="unit: failed"):
        await action.perform(host, report)
    assert report.names.count("system.update.complete") == 1


# Language, time zone and name.


@pytest.mark.parametrize("code", ["de_DE", "de-de", "DE-DE", "de_de", "fil-ph"])
async def test_a_language_of_the_list_is_set_in_either_form(host: Host, code: str) -> None:
    report = Reports()
    await perform(host, topics.CONFIGURE_LANGUAGE, report, language_code=code)
    expected = "fil_PH" if "fil" in code else "de_DE"
    assert host.calls == [f"systemd start mycroft-language@{expected}.service"]
    assert report.sent[-1][1] == {"lang": expected.lower().replace("_", "-")}


@pytest.mark.parametrize(
    ("topic", "key", "value"),
    [
        *(
            (topics.CONFIGURE_LANGUAGE, "language_code", code)
            for code in (
                "",
                "de",
                "eo",
                "xx_XX",
                "de_DE.UTF-8",
                "de_DE\n",
                "../de_DE",
                "a$(x)",
                "de_DE;x",
            )
        ),
        *(
            (topics.CONFIGURE_TIMEZONE, "timezone", zone)
            for zone in ("", "/etc/passwd", "../UTC", "Europe/Berlin\0", "a/b/c/d", "\udc80", "x" * 100, "a b")
        ),
        *(
            (topics.CONFIGURE_HOSTNAME, "hostname", name)
            for name in ("", "-a", "a-", "a.b", "a_b", "a b", "a\n", "a\0", "x" * 64, "ä", "a/b", "\udc80")
        ),
    ],
)
async def test_what_is_no_language_time_zone_or_name_is_refused(
    host: Host, topic: Topic, key: str, value: str
) -> None:
    report = Reports()
    with pytest.raises(HostError):
        await perform(host, topic, report, **{key: value})
    assert host.calls == []
    assert report.sent == []


async def test_without_the_list_of_locales_the_error_names_the_package(host: Host, tmp_path: Path) -> None:
    (tmp_path / "SUPPORTED").unlink()
    with pytest.raises(HostError, match="install the package locales"):
        await perform(host, topics.CONFIGURE_LANGUAGE, Reports())


async def test_a_new_name_is_entered_in_the_hosts_file(host: Host) -> None:
    await perform(host, topics.CONFIGURE_HOSTNAME, Reports())
    assert host.calls == ["hostname set kitchen", "systemd start mycroft-hosts.service"]


# The assistant.


@pytest.mark.parametrize("found", ["owner", "system"])
async def test_an_assistant_of_the_owner_or_of_the_system_is_restarted(host: Host, found: str) -> None:
    missing = {"owner": "system", "system": "owner"}[found]
    host.errors = {f"systemd start mycroft-restart-{missing}.service": HostError("none", FAILED)}
    report = Reports()
    await perform(host, topics.SERVICE_RESTART, report)
    assert report.names[-1] == "system.mycroft.service.restart.complete"


async def test_without_an_assistant_a_restart_fails(host: Host) -> None:
    host.errors = {
        f"systemd start mycroft-restart-{who}.service": HostError("none", FAILED) for who in ("owner", "system")
    }
    with pytest.raises(HostError, match="no voice assistant"):
        await perform(host, topics.SERVICE_RESTART, Reports())


async def test_a_refusal_of_systemd_is_not_taken_for_a_missing_assistant(host: Host) -> None:
    host.errors = {"systemd start mycroft-restart-owner.service": HostError("not allowed", "AccessDenied")}
    with pytest.raises(HostError, match="not allowed"):
        await perform(host, topics.SERVICE_RESTART, Reports())


# Factory reset.

ALL = [
    *(f"systemd start mycroft-reset@{kind}.service" for kind in ("cache", "data", "logs", "configs")),
    "network forget_all",
    "systemd start mycroft-reset-root.service",
    "logind reboot",
]


async def test_a_reset_from_the_face_wipes_everything_and_restarts(host: Host) -> None:
    report = Reports()
    await perform(host, topics.FACTORY_RESET, report)
    assert host.calls == ALL
    assert report.names == [
        *("system.factory.reset.start", "system.factory.reset.ping"),
        *("system.factory.reset.complete", "system.reboot.start"),
    ]


@pytest.mark.parametrize(
    ("flag", "skipped"),
    [
        ("wipe_cache", ALL[:1]),
        ("wipe_data", ALL[1:2]),
        ("wipe_logs", ALL[2:3]),
        ("wipe_configs", ALL[3:6]),
        ("reboot", ALL[6:]),
    ],
)
async def test_each_flag_spares_its_part(host: Host, flag: str, skipped: list[str]) -> None:
    await perform(host, topics.FACTORY_RESET, Reports(), **{flag: False})
    assert host.calls == [call for call in ALL if call not in skipped]


async def test_hardware_is_reset_before_anything_is_wiped_and_not_waited_for_longer_than_a_minute(
    host: Host,
) -> None:
    report = Reports()

    def react(topic: Topic) -> None:
        if topic is topics.FACTORY_RESET_PING:
            for name in ("mycroft-enclosure", "plugin"):
                report.answer(topics.FACTORY_RESET_REGISTER, MEMBER, skill_id=name)
        if topic is topics.FACTORY_RESET_PHAL:
            report.answer(topics.FACTORY_RESET_PHAL_COMPLETE, skill_id="mycroft-enclosure")
            report.answer(topics.FACTORY_RESET_PHAL_COMPLETE, skill_id="another")
            assert host.calls == []

    report.react = react
    began = asyncio.get_running_loop().time()
    await perform(host, topics.FACTORY_RESET, report)
    assert asyncio.get_running_loop().time() - began == 62.0
    assert report.names[:3] == [f"system.factory.reset.{what}" for what in ("start", "ping", "phal")]
    assert host.calls == ALL


async def test_hardware_is_not_reset_against_the_flag(host: Host) -> None:
    report = Reports()
    await perform(host, topics.FACTORY_RESET, report, reset_hardware=False)
    assert "system.factory.reset.ping" not in report.names


@pytest.mark.parametrize("sender", [MEMBER, ROOT])
@pytest.mark.parametrize("answer", ["confirmed", "declined", "nothing"])
async def test_a_reset_of_another_program_is_confirmed_on_the_face(
    host: Host, monkeypatch: pytest.MonkeyPatch, sender: Sender, answer: str
) -> None:
    monkeypatch.setattr("os.getuid", lambda: 999)
    monkeypatch.setattr("admin.trust.is_service", lambda uid: uid in (0, 998, 999))
    enclosure = Sender(998, 5, "mycroft-enclosure")
    report = Reports(sender)

    def react(topic: Topic) -> None:
        if topic is topics.FACTORY_RESET_CONFIRM:
            for forger in (None, MEMBER, ROOT):
                report.answer(topics.FACTORY_RESET_CONFIRMED, forger)
            for _ in range(2):
                report.answer(topics.FACTORY_RESET_CONFIRMING, enclosure)
            for forger in (None, MEMBER, ROOT):
                report.answer(topics.FACTORY_RESET_CONFIRMED, forger)
            if answer != "nothing":
                report.answer(TOPICS[f"system.factory.reset.{answer}"], enclosure)

    report.react = react
    if answer == "confirmed":
        await perform(host, topics.FACTORY_RESET, report)
        assert host.calls == ALL
    else:
        with pytest.raises(HostError, match="not confirmed on the device"):
            await perform(host, topics.FACTORY_RESET, report)
        assert report.names == ["system.factory.reset.confirm"]
        assert host.calls == []


@pytest.mark.parametrize(("sender", "obeyed"), [(MEMBER, False), (ROOT, True), (None, False)])
async def test_without_a_face_a_reset_is_for_root_alone(
    host: Host, monkeypatch: pytest.MonkeyPatch, sender: Sender | None, obeyed: bool
) -> None:
    monkeypatch.setattr("os.getuid", lambda: 999)
    report = Reports(sender)
    if obeyed:
        await perform(host, topics.FACTORY_RESET, report)
        assert host.calls == ALL
    else:
        with pytest.raises(HostError, match="only root"):
            await perform(host, topics.FACTORY_RESET, report)
        assert host.calls == []


async def test_a_part_that_cannot_be_wiped_spares_no_other_and_is_reported(host: Host) -> None:
    host.errors = {ALL[0]: HostError("no cache"), ALL[4]: HostError("no networks"), ALL[5]: HostError("no root")}
    report = Reports()
    with pytest.raises(HostError, match="no cache; no networks; no root"):
        await perform(host, topics.FACTORY_RESET, report)
    assert host.calls == ALL[:-1]
    assert "system.factory.reset.complete" not in report.names


async def test_without_network_manager_there_are_no_networks_to_forget(host: Host) -> None:
    host.errors = {"network forget_all": HostError("not installed", NO_SERVICE)}
    await perform(host, topics.FACTORY_RESET, Reports())
    assert host.calls == ALL
