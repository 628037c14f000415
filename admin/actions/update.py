"""Updating the packages of this project."""

import contextlib
from collections.abc import Awaitable, Callable
from functools import partial

from admin.action import Action, Reporter, Resource
from admin.dbus.systemd import FAILED, Progress, Unit
from admin.errors import HostError
from admin.host import Host
from bus.contract import ours as topics

UPDATE = Unit("mycroft-update.service", 3700.0)
"""A little longer than its own TimeoutStartSec."""


async def update(host: Host, report: Reporter) -> None:
    before = host.results.last_id(UPDATE)
    report.keep(before=before)
    await report(topics.UPDATE_PROCESSING, processing=True)
    await _report_end(host, report, before, host.systemd.start)


async def finish(host: Host, report: Reporter, before: str | None = None) -> None:
    """Reports the end of an update that has restarted this daemon; `before` is the invocation of the last one."""
    await _report_end(host, report, before, host.systemd.wait)


async def _report_progress(report: Reporter, status: str) -> None:
    step, _, percent = status.partition(" ")
    await report(topics.UPDATE_PROGRESS, step=step, percent=int(percent) if percent.isdecimal() else None)


async def _report_end(
    host: Host, report: Reporter, before: str | None, run: Callable[[Unit, Progress], Awaitable[None]]
) -> None:
    """Reports the progress and the result of the unit; `run` returns at its end. Raises HostError."""
    try:
        await run(UPDATE, partial(_report_progress, report))
    except HostError as error:
        raise _explained(host, error, before) from error
    result = host.results.read(UPDATE, before)
    if result.rc:
        raise HostError(result.error)
    await report(topics.UPDATE_COMPLETE, has_updated=result.from_ != result.to)


def _explained(host: Host, error: HostError, before: str | None) -> HostError:
    """The error in the words of the unit, if it has left any."""
    if error.kind == FAILED:
        with contextlib.suppress(HostError):  # it was killed
            return HostError(host.results.read(UPDATE, before).error, FAILED)
    return error


ACTIONS = (
    Action(
        topics.UPDATE,
        update,
        does="starts `mycroft-update.service`, which has apt upgrade the packages of this project, and no others "
        "but new dependencies of theirs, from `/etc/apt/sources.list.d/mycroft.sources` (or `mycroft.list`). It "
        "removes no package, keeps changed configuration files, waits up to 10 minutes for another apt, and first "
        "configures packages that an interrupted installation has left half-configured",
        occupies=frozenset({Resource.POWER, Resource.PACKAGES}),
        needs=(UPDATE,),
        # mycroft-core waits 1000 s for this one, whatever has happened.
        failure=lambda _: (topics.UPDATE_COMPLETE, {"has_updated": False}),
        resume=finish,
    ),
)
