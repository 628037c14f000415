"""The polkit rule, run as polkit runs it: what the admin service may do to the host, and what is refused."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

RULE = Path(__file__).parents[2] / "debian" / "50-mycroft-admin.rules"

INTERPRETERS = ("duk", "node", "nodejs")
"""Duktape is what polkit uses itself; its shell has `print`, where Node has `console`."""

HARNESS = """
var polkit = {
    Result: {NO: "no", YES: "yes", NOT_HANDLED: "not handled"},
    rules: [],
    addRule: function (rule) { polkit.rules.push(rule); },
};
%s
%s.forEach(function (request) {
    var action = {id: request.id, lookup: function (key) { return request.details[key]; }};
    var subject = {user: request.user, groups: [], isInGroup: function () { return false; }};
    var results = polkit.rules.map(function (rule) { return rule(action, subject); });
    (typeof print === "function" ? print : console.log)(results.join());
});
"""

ADMIN = "mycroft-admin"
MANAGE_UNITS = "org.freedesktop.systemd1.manage-units"


class Request(NamedTuple):
    """What a program of a user asks polkit for."""

    user: str
    id: str
    details: dict[str, str] = {}  # noqa: RUF012  # never changed

    def __str__(self) -> str:
        return " ".join((self.user, self.id.rpartition(".")[2], *self.details.values()))


def start(unit: str, verb: str = "start", user: str = ADMIN) -> Request:
    return Request(user, MANAGE_UNITS, {"unit": unit, "verb": verb})


ALLOWED = [
    Request(ADMIN, "org.freedesktop.login1.reboot"),
    Request(ADMIN, "org.freedesktop.login1.power-off"),
    Request(ADMIN, "org.freedesktop.timedate1.set-ntp"),
    start("mycroft-ssh-enable.service"),
    start("mycroft-ssh-disable.service"),
    start("mycroft-update.service"),
    start("mycroft-reset-root.service"),
    *(start(f"mycroft-reset@{kind}.service") for kind in ("cache", "data", "logs", "configs")),
    *(start(f"mycroft-language@{language}.service") for language in ("de_DE", "fil_PH")),
    start("mycroft-country@DE.service"),
    *(
        start(unit, verb)
        for unit in ("mycroft-portal.socket", "mycroft-portal-dns.service")
        for verb in ("start", "stop")
    ),
    Request(ADMIN, "org.freedesktop.timedate1.set-timezone"),
    Request(ADMIN, "org.freedesktop.hostname1.set-static-hostname"),
]
REFUSED = [
    *(
        start(f"mycroft-language@{instance}.service")
        for instance in (
            "",
            "de",
            "de_DE.service",
            "../x",
            "de_DE\n",
            "de_DE x",
            "xde_DEx",
            "abcd_EF",
            "de_DE$(x)",
        )
    ),
    *(start(f"mycroft-reset@{kind}.service") for kind in ("", "root", "cache|data", "cache.service", "CACHE")),
    *(
        start(f"mycroft-country@{country}.service")
        for country in ("", "de", "DEU", "D1", "DE\n", "../DE", "D$(x)")
    ),
    *(start("mycroft-portal-dns.service", verb) for verb in ("restart", "kill", "set-property")),
    start("mycroft-portal.service"),
    start("mycroft-language@.service"),
    start("xmycroft-reset@cache.service"),
    start("mycroft-reset@cache_service"),
    start("mycroft-reset@cache.service", "stop"),
    start("ssh.service"),
    start("evil.service"),
    start("mycroft-ssh-enable.service.service"),
    start("../mycroft-ssh-enable.service"),
    start("debug-shell.service"),
    start(""),
    *(
        start("mycroft-ssh-enable.service", verb)
        for verb in ("stop", "restart", "set-property", "kill", "", "Start")
    ),
    Request(ADMIN, MANAGE_UNITS),
    Request(ADMIN, MANAGE_UNITS, {"unit": "mycroft-ssh-enable.service"}),
    Request(ADMIN, MANAGE_UNITS, {"verb": "start"}),
    Request(ADMIN, "org.freedesktop.systemd1.manage-unit-files"),
    Request(ADMIN, "org.freedesktop.systemd1.set-environment"),
    Request(ADMIN, "org.freedesktop.systemd1.reload-daemon"),
    Request(ADMIN, "org.freedesktop.login1.set-wall-message"),
    Request(ADMIN, "org.freedesktop.login1.reboot-ignore-inhibit"),
    Request(ADMIN, "org.freedesktop.timedate1.set-time"),
    Request(ADMIN, "org.freedesktop.policykit.exec"),
    Request(ADMIN, "org.freedesktop.packagekit.package-install"),
    Request(ADMIN, "constructor"),
]
OTHERS = [
    request._replace(user=user)
    for user in ("mycroft", "nobody", "root", "pi", "mycroft-admin2", "", "MYCROFT-ADMIN")
    for request in (ALLOWED[0], start("mycroft-ssh-enable.service"), start("evil.service"))
]


@pytest.fixture(scope="module")
def interpreter() -> str:
    found = next(filter(shutil.which, INTERPRETERS), None)
    if not found:
        pytest.skip(f"none of {', '.join(INTERPRETERS)} is here to run the rule (Debian: duktape, nodejs)")
    return found


def results(interpreter: str, script: Path, requests: list[Request]) -> dict[str, str]:
    """What the rule says to each request."""
    script.write_text(HARNESS % (RULE.read_text(), json.dumps([request._asdict() for request in requests])))
    said = subprocess.run([interpreter, script], check=True, capture_output=True, text=True).stdout.splitlines()
    return {str(request): result for request, result in zip(requests, said, strict=True)}


@pytest.mark.parametrize(
    ("requests", "result"),
    [(ALLOWED, "yes"), (REFUSED, "no"), (OTHERS, "not handled")],
    ids=["the admin service's actions", "all else of the admin service", "other users"],
)
def test_the_rule_grants_a_closed_list_to_one_user(
    interpreter: str, tmp_path: Path, requests: list[Request], result: str
) -> None:
    assert results(interpreter, tmp_path / "rule.js", requests) == dict.fromkeys(map(str, requests), result)
