"""Runs notebooks from top to bottom and keeps what they show: ``python notebooks/run.py [NAME …]``.

A notebook is stored in one form, so that a change shows in a diff and nowhere else: cells numbered
as they come, no times of execution, no metadata of an editor. ``--check`` compares the outputs that
are kept with those of a fresh run and changes nothing; a cell with the tag ``varies`` shows times
or what else differs from run to run, and is not compared.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

HERE = Path(__file__).parent
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
SECONDS = 120
FOLDED = "hide-input"


def names() -> list[str]:
    """The notebooks, in the order in which they are read."""
    return sorted(path.stem for path in HERE.glob("*.ipynb"))


def read(name: str) -> Any:
    return nbformat.read(HERE / f"{name}.ipynb", as_version=4)


def executed(notebook: Any) -> Any:
    """A copy with the outputs of a fresh run; a cell that raises ends it with its error."""
    copy = nbformat.from_dict(notebook)
    resources = {"metadata": {"path": str(HERE)}}
    NotebookClient(copy, timeout=SECONDS, kernel_name="python3", resources=resources).execute()
    return tidy(copy)


def tidy(notebook: Any) -> Any:
    """The stored form."""
    notebook.metadata = nbformat.from_dict(METADATA)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    count = 0
    for number, cell in enumerate(notebook.cells, 1):
        cell["id"] = f"cell-{number:02}"
        tags = cell.metadata.get("tags", [])
        cell.metadata = nbformat.from_dict({"tags": tags} if tags else {})
        if FOLDED in tags:  # the site reads the tag, Jupyter this
            cell.metadata["jupyter"] = {"source_hidden": True}
        if cell.cell_type != "code":
            continue
        count += 1
        cell.execution_count = count
        cell.outputs = _joined(cell.outputs)
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = count
    return notebook


def _joined(outputs: list[Any]) -> list[Any]:
    """Outputs with pieces of one stream put together, as they were written."""
    joined: list[Any] = []
    for output in outputs:
        last = joined[-1] if joined else None
        if (
            output.output_type == "stream"
            and last is not None
            and last.output_type == "stream"
            and last.name == output.name
        ):
            last.text += output.text
        else:
            joined.append(output)
    for output in joined:
        if output.output_type == "stream":  # of a bar that was drawn over itself, the last state
            output.text = re.sub(r"(?m)^.*\r(?=.)", "", output.text)
    return joined


def texts(cell: Any) -> list[str]:
    """What a cell printed and returned, as text without addresses."""
    if "varies" in cell.metadata.get("tags", []):
        return []
    found = []
    for output in cell.get("outputs", []):
        text = output.get("text") or output.get("data", {}).get("text/plain", "")
        found.append(re.sub(r"0x[0-9a-f]+", "0x…", text))
    return found


def differences(kept: Any, fresh: Any) -> list[str]:
    """The cells whose text is another than the one that is kept."""
    pairs = zip(kept.cells, fresh.cells, strict=True)
    return [
        f"cell {number}:\n{''.join(texts(old))}\nis now\n{''.join(texts(new))}"
        for number, (old, new) in enumerate(pairs, 1)
        if old.cell_type == "code" and texts(old) != texts(new)
    ]


def main() -> int:
    """Run the named notebooks, or all, and keep or compare their outputs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="files without .ipynb")
    parser.add_argument("--check", action="store_true", help="compare, and change nothing")
    options = parser.parse_args()
    status = 0
    for name in options.names or names():
        kept = read(name)
        fresh = executed(kept)
        if not options.check:
            nbformat.write(fresh, HERE / f"{name}.ipynb")
            print(f"{name}: run and kept")
        elif found := differences(kept, fresh):
            status = 1
            print(f"{name} shows something else now:", *found, sep="\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
