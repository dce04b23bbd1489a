"""Brings the notebooks into the documentation: ``docs/notebooks``, which is not kept.

``docs/conf.py`` runs it before a build.
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from make_api import write_changed  # noqa: E402  # found through the path above

SOURCE, FOLDER = HERE.parent / "notebooks", HERE / "notebooks"
TITLE = """# Notebooks

Each teaches one thing by running code. They are in the folder `notebooks` of the repository, to be
opened in Jupyter; what they show here is what they showed when they were run last.

"""


def write() -> None:
    """Copy the notebooks, and write their table of contents."""
    FOLDER.mkdir(exist_ok=True)
    names = sorted(path.stem for path in SOURCE.glob("*.ipynb"))
    for name in names:
        text = (SOURCE / f"{name}.ipynb").read_text(encoding="utf-8")
        # Links are right in the repository; the site has the pages one folder up.
        write_changed(FOLDER / f"{name}.ipynb", text.replace("](../docs/", "](../"))
    toc = "\n".join(["```{toctree}", ":maxdepth: 1", "", *names, "```", ""])
    write_changed(FOLDER / "index.md", TITLE + toc)


if __name__ == "__main__":
    write()
