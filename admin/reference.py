"""The list of actions as a page: ``python -m admin.reference > docs/admin.md``."""

import sys
from collections.abc import Iterator

from admin.action import Action
from admin.actions import ACTIONS
from admin.dbus.systemd import Template, Unit

_INTRODUCTION = """\
# What the admin service may do

`mycroft-admin` changes the machine when a message on the bus asks for it. It does what is in the table below
and nothing else: polkit refuses its user everything that no row needs. The list is `admin/actions/`; `python -m
admin.reference` makes this page from it. The fields and answers of each message are in
[messages.md](messages.md).

## Who may ask

**Questions** are for every program. **Changes** are for root, the device's own services (so for its buttons and
its menu), and the members of the group `mycroft-admin`, with all programs that they run. To add the owner to the
group, or to remove that user: `sudo dpkg-reconfigure mycroft-admin`.

The bus refuses a request for a change from any other sender. The admin service, which obeys no other bus,
checks the sender again and logs each request with user, process and result: `journalctl -u mycroft-admin`. Each
user may request each change 5 times at once and then every 10 s, and ask 10 questions a second. Changes of the
same part of the machine exclude each other: the second is refused with `<type>.failed`, and so is a scan for
networks while the device joins one or the wifi setup runs. A second request for the action under way joins it,
if its fields are the same; one for a wifi setup joins it with other fields too. `system.status` asks which
changes are under way.

**A factory reset** has to be confirmed on the device. The menu of the face asks twice before it sends the
request. If another program sends it, the face asks (`system.factory.reset.confirm`), and nothing begins before
the answer. In particular, the admin service does not yet send `system.factory.reset.start`, since plugins of
other projects wipe their files when they receive it. Without a face, only root may reset the device:
`sudo mycroft-bus send system.factory.reset`. `sudo mycroft-admin plan-reset` lists what is wiped, and changes
nothing.

**A wifi setup** also begins without such a request while the device is in no network: after a start of the
machine, unless `admin.wifi.setup_at_boot` is false ([wifi.md](wifi.md)), and when OVOS' own wifi setup, or any
other program, sends `ovos.phal.wifi.plugin.activate.<id>`. In a network, those who may ask for changes can start
it so.

**An update** needs a source, in `/etc/apt/sources.list.d/mycroft.sources` or `mycroft.list`. Its output is in
`journalctl -u mycroft-update`.

## How to forbid, and how to allow

Forbid an action that has a unit by masking that unit: `sudo systemctl mask mycroft-update.service`. Forbid an
action that has a polkit id by a rule that is read before ours, such as
`/etc/polkit-1/rules.d/40-mycroft.rules`:

```js
polkit.addRule(function (action, subject) {
    if (subject.user === "mycroft-admin" && action.id === "org.freedesktop.timedate1.set-timezone") {
        return polkit.Result.NO;
    }
});
```

The request then fails with the error text of polkit or systemd. `sudo systemctl disable --now mycroft-admin`
forbids all of them.

The assistant's files are those of the user with the number 1000. If yours is another one, name it in drop-ins,
with `sudo systemctl edit mycroft-reset@.service mycroft-restart-owner.service`:

```ini
[Service]
User=alice
```

Nothing else can be allowed by configuration: another action is another row, with a test
([CONTRIBUTING.md](../CONTRIBUTING.md) says how).

## The actions

"""

_HEAD = """
| request | who | what it does on the host | it needs | it excludes changes of |
|---|---|---|---|---|"""


def render() -> str:
    """The page, in Markdown."""
    return "\n".join((_INTRODUCTION.rstrip(), _HEAD, *map(_row, ACTIONS), ""))


def _row(action: Action) -> str:
    who = "see above" if action.request.privileged else "anyone"
    needs = "<br>".join(_needs(action))
    parts = ", ".join(sorted(resource.name.lower().replace("_", " ") for resource in action.occupies))
    names = "<br>".join(f"`{name}`" for name in action.request.names)
    return f"| {names} | {who} | {action.does} | {needs} | {parts} |"


def _needs(action: Action) -> Iterator[str]:
    for need in action.needs:
        yield f"`{need.name if isinstance(need, Unit | Template) else need}`"


if __name__ == "__main__":
    sys.stdout.write(render())
