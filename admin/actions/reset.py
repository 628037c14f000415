"""Resetting the device to its state on delivery."""

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any

from admin.action import Action, Answers, Reporter, Resource
from admin.actions import power
from admin.dbus.system import NO_SERVICE
from admin.dbus.systemd import Template, Unit
from admin.errors import HostError
from admin.host import Host
from admin.trust import is_of_device
from bus.contract import ours as topics
from bus.contract.topic import Topic

WIPE = Template("mycroft-reset@.service", "(?:cache|data|logs|configs)", 300.0)
ROOT = Unit("mycroft-reset-root.service", 180.0)
"""It generates host keys, as mycroft-ssh-enable.service."""

SHOWN_S = 5.0
"""How long the face may take to show the question."""
CONFIRMED_S = 60.0
"""How long the user may take for the two questions of the face, which gives each 10 s."""
REGISTERED_S = 2.0
"""How long programs may take to register."""
HARDWARE_S = 60.0
"""How long they may take to reset their hardware; as in OVOS."""


async def reset(
    host: Host,
    report: Reporter,
    *,
    wipe_cache: bool,
    wipe_data: bool,
    wipe_logs: bool,
    wipe_configs: bool,
    reset_hardware: bool,
    reboot: bool,
) -> None:
    # Not before it is confirmed: Neon's reset plugin wipes the configuration at this, from any sender.
    await report(topics.FACTORY_RESET_START)
    if reset_hardware:
        await _reset_hardware(report)
    flags = {"cache": wipe_cache, "data": wipe_data, "logs": wipe_logs, "configs": wipe_configs}
    steps = [host.systemd.start(WIPE.unit(kind)) for kind, wiped in flags.items() if wiped]
    if wipe_configs:
        steps += [_forget_networks(host), host.systemd.start(ROOT)]
    errors = [error for step in steps if (error := await _error_of(step))]
    if errors:
        raise HostError("; ".join(errors))
    await report(topics.FACTORY_RESET_COMPLETE)
    if reboot:
        await power.reboot(host, report)


async def confirm(report: Reporter) -> None:
    """Returns when the user wants it. Raises HostError.

    The enclosure asks before it requests a reset. For any other sender it asks now, and answers for the user.
    Where no face shows the question, root decides: root can wipe the device without us.
    """
    if is_of_device(report.sender):
        return
    decisions = (topics.FACTORY_RESET_CONFIRMED, topics.FACTORY_RESET_DECLINED)
    with report.answers(topics.FACTORY_RESET_CONFIRMING, *decisions) as answers:
        await report(topics.FACTORY_RESET_CONFIRM)
        try:
            await _of_device(answers, SHOWN_S, topics.FACTORY_RESET_CONFIRMING)
        except TimeoutError:
            if report.sender and report.sender.uid == 0:
                return
            raise HostError("no face shows the question; without a face only root may reset the device") from None
        with contextlib.suppress(TimeoutError):
            if await _of_device(answers, CONFIRMED_S, *decisions) is topics.FACTORY_RESET_CONFIRMED:
                return
    raise HostError("not confirmed on the device")


async def _of_device(answers: Answers, within_s: float, *expected: Topic) -> Topic:
    """Which of the expected answers one of our own daemons gives. Raises TimeoutError."""
    async with asyncio.timeout(within_s):
        while True:
            answer = await answers.get()
            if answer.topic in expected and is_of_device(answer.sender):
                return answer.topic


async def _reset_hardware(report: Reporter) -> None:
    """Has the programs that register reset their hardware, and waits for them."""
    with report.answers(topics.FACTORY_RESET_REGISTER, topics.FACTORY_RESET_PHAL_COMPLETE) as answers:
        await report(topics.FACTORY_RESET_PING)
        waiting: set[str] = set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(REGISTERED_S):
                while True:
                    waiting.add((await answers.get()).fields["skill_id"])
        if not waiting:
            return
        await report(topics.FACTORY_RESET_PHAL)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(HARDWARE_S):
                while waiting:
                    answer = await answers.get()
                    if answer.topic is topics.FACTORY_RESET_PHAL_COMPLETE:
                        waiting.discard(answer.fields["skill_id"])


async def _forget_networks(host: Host) -> None:
    try:
        await host.network.forget_all()
    except HostError as error:
        if error.kind != NO_SERVICE:  # without NetworkManager there is none to forget
            raise


async def _error_of(step: Coroutine[Any, Any, None]) -> str | None:
    """The error of a step, which does not keep the others from being taken."""
    try:
        await step
    except HostError as error:
        return str(error)
    return None


ACTIONS = (
    Action(
        topics.FACTORY_RESET,
        reset,
        does="asks on the face first, unless the request comes from the menu there; without a face it obeys root "
        "alone. Then programs with hardware reset it, `mycroft-reset@.service` wipes the files of the assistant "
        "as the user 1000, the known networks are forgotten, `mycroft-reset-root.service` disables ssh, makes "
        "other host keys and deletes what the enclosure remembers, and the machine restarts. `mycroft-admin "
        "plan-reset` lists what is wiped",
        occupies=frozenset(Resource),
        confirm=confirm,
        cancels=frozenset({topics.NTP_SYNC, topics.WIFI_SETUP}),
        needs=(WIPE, ROOT, "org.freedesktop.NetworkManager.settings.modify.system", *power.TO_REBOOT),
        awaits=(
            topics.FACTORY_RESET_CONFIRMING,
            topics.FACTORY_RESET_CONFIRMED,
            topics.FACTORY_RESET_DECLINED,
            topics.FACTORY_RESET_REGISTER,
            topics.FACTORY_RESET_PHAL_COMPLETE,
        ),
    ),
)
