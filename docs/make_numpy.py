"""Writes docs/numpy_coverage.md: which of NumPy's functions functrans has, and why not the others.

Run ``python docs/make_numpy.py`` after adding a function; with ``--check`` nothing is written and
the exit status is 1 where the page is out of date. The page names the NumPy that it was made with;
checked with another one, functions that only one of the two has are left out of the comparison.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from types import ModuleType

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "numpy_coverage.md"
sys.path.insert(0, str(ROOT))

import functrans.numpy as fnp  # noqa: E402  # found through the path above

ROOMS = ((np, fnp), (np.linalg, fnp.linalg), (np.fft, fnp.fft))
REASONS = {
    "texts: call it on a result": "array2string base_repr binary_repr format_float_positional "
    "format_float_scientific typename",
    "dates: no dtype of theirs is traced": "busday_count busday_offset datetime_as_string "
    "datetime_data is_busday isnat",
    "files: read before, write after": "fromregex genfromtxt load loadtxt save savetxt savez "
    "savez_compressed",
    "settings of NumPy": "get_include get_printoptions getbufsize geterr geterrcall info "
    "printoptions set_printoptions setbufsize seterr seterrcall show_config show_runtime test",
    "memory: traced values have none": "asfortranarray from_dlpack isfortran may_share_memory "
    "nested_iters require shares_memory",
    "stores into an array: use `x.at[i].set(v)` or `np.where`": "copyto putmask",
    "`np.matrix`: use arrays": "asmatrix bmat",
    "the result's dtype depends on values": "asarray_chkfinite real_if_close",
    "of dtypes: use `np.result_type`": "common_type mintypecode",
    "deprecated: use `np.vstack`": "row_stack",
}
WHY = {name: reason for reason, names in REASONS.items() for name in names.split()}


def functions(module: ModuleType) -> list[str]:
    """NumPy's public functions in a module; types are no functions."""
    found = (name for name in dir(module) if not name.startswith("_"))
    return [name for name in found if _is_function(getattr(module, name))]


def _is_function(value: object) -> bool:
    return callable(value) and not isinstance(value, type)


def rows(theirs: ModuleType, ours: ModuleType) -> dict[str, str]:
    """Each function, and how it is there, or why not."""
    offered = set(ours.__all__)
    return {name: "●" if name in offered else WHY.get(name, "") for name in functions(theirs)}


def page() -> str:
    """The text of docs/numpy_coverage.md."""
    lines = [
        "# NumPy's functions",
        "",
        f"Written by `python docs/make_numpy.py` with NumPy {np.__version__}; do not edit. "
        "● is a function of `functrans.numpy`: eager, under `grad`, `vmap` and `jit`. Of the "
        "others the table says why not; one of them that meets a traced array raises "
        "an error that names your line.",
        "",
    ]
    for theirs, ours in ROOMS:
        table = rows(theirs, ours)
        there = sum(text == "●" for text in table.values())
        lines += [f"## {theirs.__name__}", "", f"{there} of {len(table)}.", ""]
        lines += ["| function | |", "|---|---|"]
        lines += [f"| `{name}` | {text} |" for name, text in table.items()] + [""]
    return "\n".join(lines)


def kept(text: str) -> dict[tuple[str, str], str]:
    """What a page says of each function."""
    said = {}
    room = ""
    for line in text.splitlines():
        room = line.removeprefix("## ") if line.startswith("## ") else room
        if row := re.fullmatch(r"\| `(\w+)` \| (.*) \|", line):
            said[room, row[1]] = row[2]
    return said


def flaws() -> list[str]:
    """Where the page does not say what is."""
    said = kept(PAGE.read_text(encoding="utf-8")) if PAGE.exists() else {}
    found = kept(page())
    same_numpy = f"NumPy {np.__version__};" in PAGE.read_text(encoding="utf-8") if said else True
    names = said.keys() | found.keys() if same_numpy else said.keys() & found.keys()
    return [
        f"{room}.{name}"
        for room, name in sorted(names)
        if said.get((room, name)) != found.get((room, name)) or not found.get((room, name))
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description="write docs/numpy_coverage.md")
    parser.add_argument("--check", action="store_true", help="only say whether it is current")
    if not parser.parse_args().check:
        PAGE.write_text(page(), encoding="utf-8")
        return 0
    if wrong := flaws():
        print(f"docs/numpy_coverage.md is out of date: {wrong}", file=sys.stderr)
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
