"""How results show themselves in notebooks: the one place that calls the room ``display``."""

from __future__ import annotations

from importlib import import_module


class Rich:
    """Gives a class its picture in notebooks; as text it stays what ``repr`` says.

    ``functrans.display`` draws. It lies above everything that it draws and is loaded when
    something is shown for the first time, so it is called by its name.
    """

    __slots__ = ()

    def _repr_html_(self) -> str:
        html: str = import_module("functrans.display").html(self)
        return html
