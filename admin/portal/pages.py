"""The pages: what to show of a setup, as HTML. Pure.

Each page works without its script, and needs nothing but itself: there is no way to the internet from it.
"""

import base64
import hashlib

from admin.portal.markup import EMPTY, Html, html, join, ssid_html
from admin.portal.protocol import Nearby, Phase, Snapshot
from admin.portal.texts import Texts
from admin.wifi.networks import PASSWORD_BYTES, Security
from admin.wifi.outcome import Failure

RELOAD_S = 5
"""How often a page without its script asks how the attempt goes."""

_PAGE = """\
<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
{head}<style>{style}</style>
</head>
<body>
<main>
<h1>{heading}</h1>
{body}
</main>
<script>{script}</script>
</body>
</html>
"""

_BARS = ((0, 16, 4), (6, 11, 9), (12, 6, 14), (18, 1, 19))
"""Left edge, top and height of each bar of a signal, in a square of 22."""

_LOCK = Html(
    '<path d="M5 9V7a6 6 0 0 1 12 0v2h1a1 1 0 0 1 1 1v9a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2v-9a1 1 0 0 1 1-1zm3 0h6V7'
    'a3 3 0 0 0-6 0z"/>'
)


class Pages:
    """All pages; `style` and `script` are in each of them."""

    def __init__(self, style: str, script: str, token: str) -> None:
        self.token = token
        """In each form, where no other site can read it. A cookie would do, but portal windows may keep none."""
        self._style = Html(style)
        self._script = Html(script)
        self.policy = (
            f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; connect-src 'self'; "
            "img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        )
        """Content-Security-Policy of every page: this style and this script, and nothing from elsewhere."""

    def of(self, snapshot: Snapshot, texts: Texts) -> Html:
        """The page for a setup as it is."""
        match snapshot.phase:
            case Phase.CHOOSING:
                return self._choice(snapshot, texts)
            case Phase.TRYING:
                return self._progress(snapshot, texts)
            case Phase.CONNECTED:
                network = ssid_html(snapshot.tried or b"")
                return self.notice("connected", texts("connected_note", network=network), texts)
            case Phase.OVER:
                return self.notice("over", texts("over_note"), texts)

    def password(self, network: Nearby, snapshot: Snapshot, texts: Texts, error: Html = EMPTY) -> Html:
        """The form for a network of the list; `error` says what was wrong with the last entry."""
        if not error and snapshot.tried == network.ssid and snapshot.failure:
            error = texts(snapshot.failure)
        fields = html('<input type="hidden" name="ssid" value="{ssid}">', ssid=network.ssid.hex())
        if network.security.needs_password:
            fields = join(fields, _password_field(texts, texts("password"), Html(" required")))
        elif network.security is Security.OPEN:
            fields = join(fields, html("<p>{note}</p>", note=texts("open_network")))
        return self._form(ssid_html(network.ssid), fields, snapshot, texts, error)

    def hidden(self, snapshot: Snapshot, texts: Texts, name: str = "", error: Html = EMPTY) -> Html:
        """The form for a network that is not in the list; `name` is what was entered last."""
        fields = html(
            '<p class="note">{note}</p>\n<label for="name">{label}</label>\n'
            '<input id="name" name="name" value="{name}" maxlength="32" required autocomplete="off" '
            'autocapitalize="none" spellcheck="false">',
            note=texts("hidden_note"),
            label=texts("name"),
            name=name,
        )
        fields = join(fields, _password_field(texts, texts("hidden_password")))
        return self._form(texts("hidden_title"), fields, snapshot, texts, error)

    def notice(self, heading: str, note: Html, texts: Texts, *, again: bool = False) -> Html:
        """A page without a choice; `again` leads back to the first one."""
        body = html('<p role="status">{note}</p>', note=note)
        if again:
            body = join(body, html('<p class="more"><a href="/">{again}</a></p>', again=texts("again")))
        return self._page(texts(heading), body, texts)

    def _choice(self, snapshot: Snapshot, texts: Texts) -> Html:
        rows = [_row(network, snapshot, texts) for network in snapshot.networks]
        listed = any(network.ssid == snapshot.tried for network in snapshot.networks)
        failure = EMPTY
        if snapshot.tried and snapshot.failure:
            failure = html(
                '<div class="bad" role="alert"><strong>{failed}</strong>{why}</div>\n',
                failed=texts("failed", network=ssid_html(snapshot.tried)),
                why=EMPTY if listed else html("<br>{why}", why=texts(snapshot.failure)),
            )
        body = html(
            "<p>{greeting}</p>\n{failure}<h2>{networks}</h2>\n{list}\n"
            '<p class="more"><a href="/hidden">{other}</a></p>\n'
            '<form method="post" action="/cancel"><input type="hidden" name="token" value="{token}">'
            "<button>{cancel}</button></form>",
            greeting=texts("greeting"),
            failure=failure,
            networks=texts("networks"),
            list=html('<ul class="networks">\n{rows}</ul>', rows=join(*rows))
            if rows
            else html("<p>{none}</p>", none=texts("no_networks")),
            other=texts("other_network"),
            token=self.token,
            cancel=texts("cancel"),
        )
        return self._page(texts("title"), body, texts)

    def _progress(self, snapshot: Snapshot, texts: Texts) -> Html:
        body = html(
            '<div class="busy"></div>\n<p role="status" data-revision="{revision}">{note}</p>\n'
            '<p id="gone" role="status" hidden>{gone}</p>\n<noscript><p>{gone}</p></noscript>',
            revision=snapshot.revision,
            note=texts("trying_note"),
            gone=texts("gone", access_point=_strong(snapshot.access_point)),
        )
        reload = html('<noscript><meta http-equiv="refresh" content="{seconds}"></noscript>\n', seconds=RELOAD_S)
        heading = texts("trying", network=ssid_html(snapshot.tried or b""))
        return self._page(heading, body, texts, head=reload)

    def _form(self, heading: Html, fields: Html, snapshot: Snapshot, texts: Texts, error: Html) -> Html:
        body = html(
            '{error}<form method="post" action="/connect">\n'
            '<input type="hidden" name="token" value="{token}">\n{fields}\n<p class="note">{before}</p>\n'
            '<button class="main">{connect}</button>\n</form>\n<p class="more"><a href="/">{back}</a></p>',
            error=html('<p class="bad" role="alert">{error}</p>\n', error=error) if error else EMPTY,
            token=self.token,
            fields=fields,
            before=texts("before", access_point=_strong(snapshot.access_point)),
            connect=texts("connect"),
            back=texts("back"),
        )
        return self._page(heading, body, texts)

    def _page(self, heading: Html, body: Html, texts: Texts, head: Html = EMPTY) -> Html:
        return html(
            _PAGE,
            language=texts.language,
            title=texts("title"),
            head=head,
            style=self._style,
            heading=heading,
            body=body,
            script=self._script,
        )


def _row(network: Nearby, snapshot: Snapshot, texts: Texts) -> Html:
    """A network of the list."""
    note = EMPTY
    if not network.security.is_supported:
        note = html("<small>{why}</small>", why=texts(Failure.UNSUPPORTED))
    elif network.ssid == snapshot.tried and snapshot.failure:
        note = html('<small class="wrong">{why}</small>', why=texts(snapshot.failure))
    lock = EMPTY
    if network.security.needs_password:
        lock = _picture(_LOCK, texts("has_password"))
    content = html(
        '<span class="name">{name}{note}</span>{lock}{bars}',
        name=ssid_html(network.ssid),
        note=note,
        lock=lock,
        bars=_bars(network.strength, texts),
    )
    if not network.security.is_supported:
        return html('<li><div class="row">{content}</div></li>\n', content=content)
    return html(
        '<li><a class="row" href="/network?ssid={ssid}">{content}</a></li>\n',
        ssid=network.ssid.hex(),
        content=content,
    )


def _bars(strength: int, texts: Texts) -> Html:
    """The strength of a signal: one to four bars, and a text for screen readers."""
    lit = min(1 + strength // 25, len(_BARS))
    bars = [
        html(
            '<rect x="{x}" y="{y}" width="4" height="{height}" rx="1"{off}/>',
            x=x,
            y=y,
            height=height,
            off=EMPTY if number < lit else Html(' class="off"'),
        )
        for number, (x, y, height) in enumerate(_BARS)
    ]
    return _picture(join(*bars), texts(f"strength_{lit}"))


def _picture(shapes: Html, meaning: Html) -> Html:
    return html(
        '<svg viewBox="0 0 22 22" aria-hidden="true">{shapes}</svg><span class="unseen">, {meaning}</span>',
        shapes=shapes,
        meaning=meaning,
    )


def _password_field(texts: Texts, label: Html, required: Html = EMPTY) -> Html:
    return html(
        '\n<label for="password">{label}</label>\n<div class="field">'
        '<input id="password" name="password" type="password" minlength="{least}" maxlength="{most}"{required} '
        'autocomplete="off" autocapitalize="none" spellcheck="false">'
        '<button type="button" aria-controls="password" data-hide="{hide}" hidden>{show}</button></div>',
        label=label,
        least=PASSWORD_BYTES.start,
        most=PASSWORD_BYTES.stop - 1,
        required=required,
        hide=texts("hide"),
        show=texts("show"),
    )


def _strong(text: str) -> Html:
    return html("<strong>{text}</strong>", text=text)


def _hash(inline: str) -> str:
    """What allows an inline style or script (CSP 3, 2.3.1)."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()}'"
