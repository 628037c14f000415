"""The polkit rule for the needs of the actions: ``python -m admin.polkit > debian/50-mycroft-admin.rules``."""

import json
import sys

from admin.actions import ACTIONS
from admin.dbus.systemd import Unit

_RULE = """\
// The user mycroft-admin may make these calls, and no others. From admin/actions.py, by python -m admin.polkit.

var ACTIONS = %s;
var UNITS = %s;

polkit.addRule(function (action, subject) {
    if (subject.user !== "mycroft-admin") {
        return polkit.Result.NOT_HANDLED;
    }
    var starts = action.id === "org.freedesktop.systemd1.manage-units" && action.lookup("verb") === "start";
    if ((starts && UNITS.indexOf(action.lookup("unit")) >= 0) || ACTIONS.indexOf(action.id) >= 0) {
        return polkit.Result.YES;
    }
    return polkit.Result.NO;
});
"""


def render() -> str:
    """The rule, in JavaScript."""
    needs = {need for action in ACTIONS for need in action.needs}
    units = sorted(need.name for need in needs if isinstance(need, Unit))
    actions = sorted(need for need in needs if isinstance(need, str))
    return _RULE % (json.dumps(actions, indent=4), json.dumps(units, indent=4))


if __name__ == "__main__":
    sys.stdout.write(render())
