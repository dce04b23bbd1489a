"""Formulas as MathML, which browsers show themselves: nothing is loaded from elsewhere."""

from __future__ import annotations

import re
from html import escape
from typing import Any

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.util import logging

logger = logging.getLogger(__name__)


def readable(text: str) -> str:
    r"""The formula as docutils reads it: for TeX an argument without braces is one digit.

    >>> readable(r"\frac12 x^23 + \frac1n + 34")
    '\\frac{1}{2} x^{2}3 + \\frac1n + 34'
    """
    text = re.sub(r"(\\[dt]?frac)\s*(\d)\s*(\d)", r"\1{\2}{\3}", text)
    return re.sub(r"([_^])(\d)(?=\d)", r"\1{\2}", text).replace("…", r"\ldots ")


def mathml(node: nodes.Node, as_block: bool) -> str:
    """The formula, or its text and a warning where docutils cannot read it."""
    text = readable(node.astext())
    try:
        return str(tex2mathml(text, as_block=as_block))
    except MathError as error:
        logger.warning("formula %r: %s", text, error, location=node)
        return escape(text)


def inline(translator: Any, node: nodes.math) -> None:
    translator.body.append(mathml(node, as_block=False))
    raise nodes.SkipNode


def block(translator: Any, node: nodes.math_block) -> None:
    translator.body.append(mathml(node, as_block=True))
    raise nodes.SkipNode


def setup(app: Any) -> dict[str, Any]:
    app.add_html_math_renderer("mathml", (inline, None), (block, None))
    return {"parallel_read_safe": True}
