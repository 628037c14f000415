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

html_theme = "furo"
html_title = f"{project} {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_domain_indices = False


PAGES = {"README": "index", "CHANGELOG": "changes", "CONTRIBUTING": "contributing", "SECURITY": "reporting"}
"""Files beside this folder, and their pages."""


def link_to_pages(_app: Sphinx, _page: str, source: list[str]) -> None:
    """Has links to those files lead to their pages."""
    source[0] = re.sub(r"\]\((?:\.\./)+([A-Z]+)\.md", lambda link: f"](/{PAGES[link[1]]}.md", source[0])


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
    app.add_transform(LiteralHeadings)
