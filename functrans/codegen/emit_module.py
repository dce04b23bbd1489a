"""What all functions of a module share: its table of constants, its routines and equal texts."""

from __future__ import annotations

from typing import Any

from functrans.codegen.buffers import Place
from functrans.codegen.link import Routine
from functrans.core.jaxpr import Eqn


class SharedPlace(Place):
    """A place in the table of constants that does not depend on the program around."""


class Module:
    """What all programs of a module share."""

    def __init__(self, constants: list[Any]) -> None:
        self.constants = constants
        self.routines: dict[Routine, Place] = {}
        self.declarations: dict[str, None] = {}
        self.helpers: dict[str, str] = {}
        self.functions: dict[str, str] = {}  # text to name
        self.failures: list[Eqn] = []
        self.metadata: dict[str, str] = {}  # what a loop is told, to its name
        self.clocked = False
        self.clusters = 0

    def declare(self, text: str) -> None:
        self.declarations[text] = None

    def define(self, name: str, text: str) -> None:
        self.helpers[name] = text

    def loop_mark(self, hint: str) -> str:
        if hint not in self.metadata:
            self.metadata[hint] = f"!{1 + len(self.metadata)}"
        return f", !llvm.loop {self.metadata[hint]}"

    def function(self, text: str) -> str:
        name = self.functions.get(text)
        if name is None:
            name = self.functions[text] = f"@kernel{len(self.functions)}"
        return name

    def constant(self, routine: Routine) -> Place:
        """Where the table of constants holds a routine."""
        if routine not in self.routines:
            self.routines[routine] = SharedPlace("const", len(self.constants))
            self.constants.append(routine)
        return self.routines[routine]
