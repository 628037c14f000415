"""HTML that is escaped unless it says that it is HTML. Pure."""

from bus.message import printable

_SPECIAL = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"})


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


EMPTY = Html()


def html(template: str, **values: object) -> Html:
    """A template with its {fields} filled in; a value that is no Html is escaped."""
    return Html(template.format_map({name: escape(value) for name, value in values.items()}))


def join(*parts: Html) -> Html:
    """Pieces of HTML, one after another."""
    return Html("".join(parts))


def escape(value: object) -> Html:
    """A value as HTML: itself if it is HTML, else its text, also within quotes."""
    return value if isinstance(value, Html) else Html(str(value).translate(_SPECIAL))


def ssid_text(ssid: bytes) -> str:
    """The name of a network for people; what is no UTF-8, or not printable, is shown as an escape sequence."""
    return printable(ssid.decode(errors="backslashreplace"))


def ssid_html(ssid: bytes) -> Html:
    """The name of a network, whose direction of writing has no effect around it."""
    return html("<bdi>{name}</bdi>", name=ssid_text(ssid))
