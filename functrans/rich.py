"""How results show themselves in notebooks: the one place that calls the room ``display``."""

from __future__ import annotations

from importlib import import_module
from typing import Any


class Rich:
    """Gives a class its picture in notebooks; where only text is shown, what ``str`` says.

    ``functrans.display`` draws. It lies above everything that it draws and is loaded when
    something is shown for the first time, so it is called by its name.
    """

    __slots__ = ()

    def _repr_html_(self) -> str:
        html: str = import_module("functrans.display").html(self)
        return html

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """The text in IPython's terminal, and beside the picture in a saved notebook."""
        return {"text/plain": str(self)}
