"""How Sphinx makes a site of these pages: `make docs`."""

import re
import tomllib
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

project = "Mycroft enclosure"
author = "Mycroft enclosure maintainers"
project_copyright = f"2026, {author}. Apache License 2.0"
release = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]["version"]

extensions = ["myst_parser"]
myst_heading_anchors = 4
nitpicky = True
smartquotes = False  # quotes belong to commands here

html_theme = "furo"
html_title = f"{project} {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_search_scorer = str(Path(__file__).parent / "_static/scorer.js")
pygments_style = "default"
html_copy_source = False
html_domain_indices = False


PAGES = {"README": "index", "CHANGELOG": "changes", "CONTRIBUTING": "contributing", "SECURITY": "reporting"}
"""Files beside this folder, and their pages."""


def link_to_pages(_app: Sphinx, _page: str, source: list[str]) -> None:
    """Has links to those files lead to their pages."""
    source[0] = re.sub(r"\]\((?:\.\./)+([A-Z]+)\.md", lambda link: f"](/{PAGES[link[1]]}.md", source[0])


ACCESSIBLE = {
    'class="caption" role="heading">': 'class="caption" role="heading" aria-level="2">',
    '<aside class="sidebar-drawer">': '<aside aria-label="Pages" class="sidebar-drawer">',
    '<aside class="toc-drawer': '<aside aria-label="On this page" class="toc-drawer',
    '<label class="overlay': '<label aria-hidden="true" class="overlay',
    '<label class="toc-overlay-icon': '<label aria-hidden="true" class="toc-overlay-icon',
    '\n\n<div id="search-results">': '\n<h1 class="visually-hidden">Search</h1>\n<div id="search-results">',
    '<div class="table-wrapper': '<div tabindex="0" class="table-wrapper',
}
"""What the theme writes, and what screen readers and keyboards need in its place."""


def make_accessible(app: Sphinx, _error: Exception | None) -> None:
    """Changes the built pages in that way."""
    for page in Path(app.outdir).rglob("*.html"):
        text = page.read_text()
        for written, needed in ACCESSIBLE.items():
            text = text.replace(written, needed)
        page.write_text(text)


class LiteralHeadings(SphinxTransform):
    """Enters each heading that is one literal, such as a message type, a command or a key, in the index."""

    default_priority = 500  # before the index is collected

    def apply(self, **_: object) -> None:
        """Adds an entry to each such section."""
        for section in list(self.document.findall(nodes.section)):
            title = section[0]
            if [type(child) for child in title.children] == [nodes.literal]:
                entry = ("single", title.astext(), section["ids"][0], "", None)
                section.insert(1, addnodes.index(entries=[entry]))


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("source-read", link_to_pages)
    app.connect("build-finished", make_accessible)
    app.add_transform(LiteralHeadings)
