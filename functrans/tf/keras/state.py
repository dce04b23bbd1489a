"""Variables that optimizers, metrics and layers make, as Keras shows them."""

from __future__ import annotations

from typing import Any

from functrans.tf.variable import Variable


class State(Variable):
    """A variable that no tape watches unless it is trainable; ``path`` tells whose it is."""

    def __init__(
        self,
        initial_value: Any,
        name: str,
        path: str,
        trainable: bool = False,
        constraint: Any = None,
    ) -> None:
        super().__init__(initial_value, trainable, constraint=constraint)
        self._name = name
        self.path = path

    @property
    def name(self) -> str:
        """What it is for its owner."""
        return self._name

    @property
    def value(self) -> State:  # type: ignore[override]  # Keras has an attribute here
        """The variable itself."""
        return self

    def _after(self, read_value: bool) -> Any:
        return self._as_tensor() if read_value else None

    def __repr__(self) -> str:
        shown = self.numpy()
        value = shown if shown.shape else shown.item()
        return (
            f"<Variable path={self.path}, shape={shown.shape}, dtype={self.dtype.name}, "
            f"value={value}>"
        )
