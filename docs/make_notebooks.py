"""Brings the notebooks into the documentation: ``docs/notebooks``, which is not kept.

``docs/conf.py`` runs it before a build.
"""

from __future__ import annotations

import shutil
from pathlib import Path

HERE = Path(__file__).parent
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
        shutil.copyfile(SOURCE / f"{name}.ipynb", FOLDER / f"{name}.ipynb")
    toc = "\n".join(["```{toctree}", ":maxdepth: 1", "", *names, "```", ""])
    (FOLDER / "index.md").write_text(TITLE + toc, encoding="utf-8")


if __name__ == "__main__":
    write()
