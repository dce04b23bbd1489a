"""The pieces of HTML that all pictures are made of; what comes from outside is escaped here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from functrans.errors import Source

BREAK = "<br>"
"""Between the lines of a cell: it holds without the style sheet, which untrusted notebooks drop."""

_LONGEST = 160  # characters of a parameter or a line that are shown


def span(kind: str, text: object) -> str:
    """Text in one of the colours of the style sheet."""
    return f'<span class="{kind}">{escape(str(text))}</span>'


def fold(summary: str, body: str, *, is_open: bool = False) -> str:
    """A part that unfolds below its summary; both are HTML."""
    return f"<details{' open' * is_open}><summary>{summary}</summary>{body}</details>"


def lines(text: str) -> str:
    """Text as it is."""
    return f"<pre>{escape(text)}</pre>"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], numbers: Sequence[int] = ()) -> str:
    """A table of cells of HTML; those in the columns ``numbers`` stand at the right."""

    def cells(tag: str, row: Sequence[str]) -> str:
        marks = (' class="r"' if k in numbers else "" for k in range(len(row)))
        return "".join(f"<{tag}{m}>{cell}</{tag}>" for m, cell in zip(marks, row, strict=True))

    body = "".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    head = f"<thead><tr>{cells('th', heads)}</tr></thead>" if any(heads) else ""
    return f"<table>{head}<tbody>{body}</tbody></table>"


def shortened(text: str, longest: int = _LONGEST) -> str:
    """The beginning of a long text."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def amount(count: float) -> str:
    """So many bytes in three digits.

    >>> amount(800), amount(12_480), amount(2.5e9)
    ('800 B', '12.5 kB', '2.50 GB')
    """
    units = ["B", "kB", "MB", "GB", "TB"]
    while count >= 999.5 and len(units) > 1:
        count /= 1000
        del units[0]
    digits = 0 if units[0] == "B" or count >= 99.95 else 1 if count >= 9.995 else 2
    return f"{count:.{digits}f} {units[0]}"


def counted(number: int, noun: str) -> str:
    """
    >>> counted(1, "equation"), counted(2000, "equation")
    ('1 equation', '2,000 equations')
    """
    return f"{number:,} {noun}{'s' * (number != 1)}"


def place(source: Source | None) -> str:
    """The user's line for a hover: where it is, and its text."""
    return f"{source}  {shortened(source.text)}".rstrip() if source else ""


def title(text: str) -> str:
    """The attribute that shows a text on hover."""
    return f' title="{escape(text)}"' if text else ""
