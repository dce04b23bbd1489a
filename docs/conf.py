"""Sphinx's configuration: ``python -m sphinx -W --keep-going -b html docs site``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE / "_ext")]

import make_api  # noqa: E402  # found through the path above
import make_notebooks  # noqa: E402

import functrans  # noqa: E402

make_api.write()
make_notebooks.write()

project = "functrans"
author = "The functrans developers"
copyright = author
version = release = functrans.__version__

extensions = [
    "docstrings",
    "mathml",
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx_copybutton",
    "sphinx_design",
]
exclude_patterns = ["README.md"]
source_suffix = {".md": "myst-nb", ".ipynb": "myst-nb"}

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
nb_execution_mode = "off"  # outputs are kept in the notebooks; the tests run them

autodoc_typehints = "none"
autodoc_member_order = "bysource"

html_math_renderer = "mathml"
html_theme = "pydata_sphinx_theme"
html_title = "functrans"
html_static_path = ["_static"]
html_css_files = ["formulas.css", "site.css"]
html_copy_source = html_show_sourcelink = False
html_theme_options = {
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
    "header_links_before_dropdown": 6,
}
ALONE = (  # pages without pages below them
    "index errors extend rules tensorflow tensorflow_names sharp_bits deterministic numpy_coverage "
    "measured accuracy tour"
)
html_sidebars: dict[str, list[str]] = {page: [] for page in ALONE.split()}


def _without_last_empty_lines(app: Any, name: str, source: list[str]) -> None:
    """Doctest wants an empty line behind an output; a reader does not."""
    source[0] = source[0].replace("\n\n```\n", "\n```\n")


def setup(app: Any) -> None:
    app.connect("source-read", _without_last_empty_lines)
