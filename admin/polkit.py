"""The polkit rule for the needs of the actions: ``python -m admin.polkit > debian/50-mycroft-admin.rules``."""

import json
import re
import sys

from admin.actions import ACTIONS
from admin.dbus.systemd import Template, Unit

_RULE = """\
// The user mycroft-admin may make these calls, and no others. From admin/actions, by python -m admin.polkit.

var ACTIONS = %s;
var STARTED = %s;
var STOPPED = %s;
var INSTANCES = %s;

function mayManage(verb, unit) {
    if (verb === "stop") {
        return STOPPED.indexOf(unit) >= 0;
    }
    return verb === "start" && (STARTED.indexOf(unit) >= 0 || INSTANCES.some(function (pattern) {
        return new RegExp(pattern).test(unit);
    }));
}

polkit.addRule(function (action, subject) {
    if (subject.user !== "mycroft-admin") {
        return polkit.Result.NOT_HANDLED;
    }
    if (ACTIONS.indexOf(action.id) >= 0) {
        return polkit.Result.YES;
    }
    if (action.id === "org.freedesktop.systemd1.manage-units"
        && mayManage(action.lookup("verb"), action.lookup("unit"))) {
        return polkit.Result.YES;
    }
    return polkit.Result.NO;
});
"""


def render() -> str:
    """The rule, in JavaScript."""
    needs = {need for action in ACTIONS for need in action.needs}
    units = [need for need in needs if isinstance(need, Unit)]
    lists = (
        [need for need in needs if isinstance(need, str)],
        [unit.name for unit in units],
        [unit.name for unit in units if unit.stops],
        [_pattern(need) for need in needs if isinstance(need, Template)],
    )
    return _RULE % tuple(json.dumps(sorted(values), indent=4) for values in lists)


def _pattern(template: Template) -> str:
    """The regular expression of the names of a template's units."""
    before, _, after = template.name.partition("@.")
    return f"^{re.escape(before)}@(?:{template.instances})\\.{re.escape(after)}$"


if __name__ == "__main__":
    sys.stdout.write(render())
