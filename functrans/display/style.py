"""Colours and the style sheet: one palette for HTML and SVG, light and dark."""

from __future__ import annotations

PALETTE = {
    "paper": ("#ffffff", "#15181e"),
    "ink": ("#1f2328", "#e3e6ea"),
    "faint": ("#68707a", "#949ca8"),
    "rule": ("#dfe3e8", "#333a45"),
    "hover": ("#f0f4fa", "#222936"),
    "name": ("#0b57a4", "#82b4f5"),
    "type": ("#6f42a1", "#c09cf0"),
    "operation": ("#8a3b00", "#f0a869"),
    "input": ("#dcebdc", "#233f2a"),
    "output": ("#cfe3cf", "#2c5236"),
    "constant": ("#e8e8ea", "#34373e"),
    "elementwise": ("#e3ecf9", "#22334d"),
    "reduction": ("#fbe6d4", "#4d331d"),
    "contraction": ("#f7d9d9", "#54282b"),
    "movement": ("#f4f1da", "#413d20"),
    "indexing": ("#dcf0f0", "#1e4142"),
    "library": ("#ecdff7", "#3a2a52"),
    "program": ("#f7f8fa", "#1b2029"),
    "python": ("#f9dbe9", "#50263a"),
}
"""Each colour on light and on dark paper; from ``input`` on, those of the boxes in a drawing."""

# Tables name the class three times, which outweighs what notebooks say of all tables.
_SHEET = """
.ft{color:var(--ft-ink);font:12px/1.5 ui-monospace,SFMono-Regular,Menlo,
Consolas,"DejaVu Sans Mono",monospace;padding:6px 10px;overflow-x:auto;text-align:left}
.ft details{margin:0}
.ft summary{cursor:pointer;color:var(--ft-faint);display:list-item}
.ft summary b{color:var(--ft-ink);font-weight:600}
.ft details>:not(summary){margin-left:14px}
.ft .g{display:grid;grid-template-columns:repeat(3,max-content);
white-space:pre}
.ft .e{display:contents}
.ft .e>*{padding:0 14px 0 2px}
.ft .e>.d{display:none}
.ft .e:hover>*{background:var(--ft-hover)}
.ft .g>details{grid-column:1/-1}
.ft .n{color:var(--ft-name)}
.ft .t{color:var(--ft-type)}
.ft .o{color:var(--ft-operation);font-weight:600}
.ft .f{color:var(--ft-faint)}
.ft .r{text-align:right;color:var(--ft-faint)}
.ft pre{margin:0;padding:4px 0;background:none;color:inherit;font:inherit;white-space:pre;
max-height:480px;overflow:auto}
.ft.ft.ft table{border-collapse:collapse;margin:4px 0;font:inherit;color:inherit;border:0}
.ft.ft.ft tr,.ft.ft.ft tbody tr:nth-child(n){background:none}
.ft.ft.ft tbody tr:hover{background:var(--ft-hover)}
.ft.ft.ft th,.ft.ft.ft td{padding:1px 8px;border:0;border-bottom:1px solid var(--ft-rule);
text-align:left;vertical-align:top;white-space:pre;color:inherit;background:none;font-weight:400;
line-height:inherit;max-width:none}
.ft.ft.ft th{color:var(--ft-faint)}
.ft.ft.ft .r{text-align:right}
.ft.ft.ft td.r{color:inherit}
.ft .w{display:inline-block;height:8px;background:var(--ft-name);opacity:.6}
"""


def colours(scope: str) -> str:
    """The palette as variables of CSS for a class.

    The system's choice counts, and above it that of the page: JupyterLab's, Sphinx's and VS Code's.
    """
    light, dark = (
        "".join(f"--ft-{name}:{pair[i]};" for name, pair in PALETTE.items()) for i in (0, 1)
    )
    is_light = f"{scope}:is([data-jp-theme-light=true] *,[data-theme=light] *,.vscode-light *)"
    is_dark = f"{scope}:is([data-jp-theme-light=false] *,[data-theme=dark] *,.vscode-dark *)"
    return (
        f"{scope}{{{light}}}\n@media (prefers-color-scheme:dark){{{scope}{{{dark}}}}}\n"
        f"{is_light}{{{light}}}\n{is_dark}{{{dark}}}\n"
    )


def variable(colour: str) -> str:
    """A colour of the palette, in CSS; the paper is JupyterLab's own where there is one."""
    found = f"var(--ft-{colour})"
    return f"var(--jp-layout-color0,{found})" if colour == "paper" else found


def sheet() -> str:
    """The style sheet of everything that is shown as HTML; all rules hold inside ``.ft`` alone."""
    paper = f".ft{{background:{variable('paper')}}}"
    return f"<style>{colours('.ft')}{paper}{_SHEET}</style>"
