"""tf.GradientTape: a recording of functrans, asked in TensorFlow's words.

What a tape watches is a table of its own, by identity: tensors stay immutable, several tapes and
threads can watch one tensor, and closing a tape leaves nothing behind.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import Enum
from typing import Any

import numpy as np

import functrans as ft
from functrans import numpy as fnp
from functrans.errors import LinAlgError
from functrans.extend import Recording, Rows, Sum, settled
from functrans.rich import Rich
from functrans.tf import nest
from functrans.tf.convert import as_tensor, mismatch
from functrans.tf.errors import (
    AbsentNameError,
    InvalidArgumentError,
    InvalidTypeError,
    InvalidUseError,
    InvalidValueError,
)
from functrans.tf.indexed import GatheredRows, IndexedSlices, slices_of
from functrans.tf.tensor import Tensor, TensorLike, WatchedVariable, Watcher, value, wrap

logger = logging.getLogger("functrans.tf")
_SAID_LIMIT = 5
_said: dict[str, int] = {}


class UnconnectedGradients(Enum):
    """What a gradient is where the target does not depend on the source.

    >>> import functrans.tf as tf
    >>> tf.UnconnectedGradients("zero")
    <UnconnectedGradients.ZERO: 'zero'>
    """

    NONE = "none"
    ZERO = "zero"


def unconnected_kind(kind: Any) -> UnconnectedGradients:
    try:
        return UnconnectedGradients(kind)
    except ValueError as error:
        raise InvalidValueError(
            f"Unknown value for unconnected_gradients: {kind!r}", "Give 'none' or 'zero'."
        ) from error


def _warn(message: str, dtype: Any, times: int = _SAID_LIMIT) -> None:
    """Log a message, the first few times."""
    said = _said.get(message, 0)
    if said < times:
        _said[message] = said + 1
        logger.warning(message, *([] if dtype is None else [repr(dtype)]))


class Watched:
    """A tensor or variable that a tape watches: its variable on the tape, and its traced value."""

    __slots__ = ("base", "thing", "traced", "variable")

    def __init__(self, thing: Any, variable: Any) -> None:
        self.thing = thing  # held, so that its identity is not given to another
        self.variable = variable
        self.base: Any = None
        self.traced: Any = None


class TapeRecording(Watcher, Recording):
    """A recording that knows what it watches."""

    __slots__ = ("accessed", "table")

    def __init__(self, keep: bool, accessed: bool) -> None:
        super().__init__(keep)
        self.accessed = accessed
        self.table: dict[int, Watched] = {}

    def watch_thing(self, thing: Any, v: Any) -> Watched:
        """Watch a tensor or variable of value ``v``; what is not floating is only listed."""
        v = settled(v)
        watched = Watched(thing, self.variable(v) if v.dtype.kind in "fc" else None)
        self.table[id(thing)] = watched
        return watched

    def watched_value(self, thing: Any, v: Any) -> Any:
        watched = self.table.get(id(thing))
        if watched is None:
            if not (self.accessed and isinstance(thing, WatchedVariable) and thing.trainable):
                return v
            watched = self.watch_thing(thing, v)
        if watched.variable is None:
            return v
        if watched.base is not v:
            watched.base, watched.traced = v, self.lift(v, watched.variable)
        return watched.traced

    def traced_value(self, thing: Any) -> Any:
        """The value of a tensor or variable as this tape knows it, open or closed."""
        watched = self.table.get(id(thing))
        if watched is not None and watched.variable is not None:
            return self.lift(thing._v, watched.variable)
        return thing._v if isinstance(thing, Tensor) else None

    def variable_of(self, thing: Any) -> Any:
        """The variable on the tape that stands for a tensor or variable, or None."""
        watched = self.table.get(id(thing))
        if watched is not None:
            return watched.variable
        return self.tangent_of(thing._v) if isinstance(thing, Tensor) else None

    def free(self) -> None:
        super().free()
        self.table.clear()


class GradientTape(Rich):
    """Records operations in its ``with`` block for derivatives by reverse mode.

    Parameters
    ----------
    persistent: :meth:`gradient` and :meth:`jacobian` may be called several times; the tape's
        memory is given back when the tape dies. Otherwise once, and it is given back at once.
    watch_accessed_variables: watch trainable variables when they are first read in the block.

    Tapes nest to any order, in one another and in ``functrans.grad``, ``vmap`` and ``jit``. Each
    thread has its own.

    >>> import functrans.tf as tf
    >>> x = tf.constant(3.0)
    >>> with tf.GradientTape() as tape:
    ...     tape.watch(x)
    ...     y = x * x
    >>> tape.gradient(y, x)
    <tf.Tensor: shape=(), dtype=float32, numpy=6.0>
    """

    def __init__(self, persistent: bool = False, watch_accessed_variables: bool = True) -> None:
        self._persistent = persistent
        self._accessed = watch_accessed_variables
        self._recording: TapeRecording | None = None
        self._active = False
        self._variables: tuple[Any, ...] = ()

    # --- recording

    def __enter__(self) -> GradientTape:
        """Start recording; a persistent tape goes on where it was left."""
        self._open()
        return self

    def __exit__(self, *error: object) -> None:
        """Stop recording, exceptions included."""
        if self._active:
            self._close()

    def _open(self) -> None:
        if self._active:
            raise InvalidValueError(
                "Tape is still recording, This can happen if you try to re-enter an already-active "
                "tape.",
                "Make a tape for each block.",
            )
        if self._recording is None:
            self._recording = TapeRecording(self._persistent, self._accessed)
        self._recording.__enter__()
        self._active = True

    def _close(self) -> None:
        if not self._active or self._recording is None:
            raise InvalidValueError("Tape is not recording.", "Enter its block first.")
        self._recording.__exit__()
        self._active = False

    def watch(self, tensor: Any) -> None:
        """Record derivatives with respect to a tensor, a variable or a structure of them.

        Operations that ran before are not reached. What is not floating is watched in vain, and a
        warning logged.

        Raises
        ------
        InvalidValueError: anything that is no tensor or variable.
        """
        for thing in nest.flatten(tensor, expand_composites=True):
            if not isinstance(thing, Tensor | TensorLike):
                raise InvalidValueError(
                    f"Passed in object {thing!r} of type {type(thing).__name__!r}, not tf.Tensor "
                    "or tf.Variable or ExtensionType.",
                    "Make a tensor of it first: x = tf.constant(x); and use that in the block.",
                )
            recording = self._recording
            if recording is None:
                raise AbsentNameError(
                    "'NoneType' object has no attribute '_tape': the tape was asked to watch "
                    "before its block.",
                    "Call watch inside the block.",
                )
            if not (thing.dtype.is_floating or thing.dtype.is_complex):
                _warn(
                    "The dtype of the watched tensor must be floating (e.g. tf.float32), got %s",
                    thing.dtype,
                )
            if isinstance(thing, WatchedVariable):
                thing = thing._root()
            elif isinstance(thing, Tensor):
                if recording.variable_of(thing) is not None:
                    continue
                thing._watched = True
            if id(thing) not in recording.table:
                recording.watch_thing(thing, thing._v)

    @contextmanager
    def stop_recording(self) -> Iterator[None]:
        """A block inside the tape's whose operations are not recorded."""
        recording = self._recording
        if recording is None or not self._active:
            raise InvalidUseError(
                "Trying to stop recording a tape which is not recording.",
                "Use it inside the tape's own block.",
            )
        recording.pause()
        try:
            yield
        finally:
            recording.resume()

    def reset(self) -> None:
        """Forget everything recorded so far and go on recording."""
        self._close()
        self._recording = None
        self._variables = ()
        self._open()

    def watched_variables(self) -> tuple[Any, ...]:
        """The variables watched so far, in the order in which they were made."""
        if self._recording is not None:
            found = [w.thing for w in self._recording.table.values()]
            variables = [v for v in found if isinstance(v, WatchedVariable)]
            self._variables = tuple(sorted(variables, key=lambda v: v._number))
        return self._variables

    # --- derivatives

    def gradient(
        self,
        target: Any,
        sources: Any,
        output_gradients: Any = None,
        unconnected_gradients: Any = UnconnectedGradients.NONE,
    ) -> Any:
        """The gradient of the sum of the targets with respect to each source.

        Parameters
        ----------
        target: a tensor or variable or a structure of them, of any shapes.
        sources: tensors and variables, in a structure that the result mirrors; intermediates of
            the computation too.
        output_gradients: weights of the targets' elements, ones by default.
        unconnected_gradients: what stands for the gradient of a source that no target depends
            on: ``"none"`` (None) or ``"zero"`` (zeros).

        Raises
        ------
        InvalidUseError: a tape that is not persistent was used before.

        >>> import functrans.tf as tf
        >>> w = tf.Variable([1.0, 2.0])
        >>> with tf.GradientTape() as tape:
        ...     loss = tf.reduce_sum(w * w)
        >>> tape.gradient(loss, {"w": w})["w"].numpy()
        array([2., 4.], dtype=float32)
        """
        recording = self._taken()
        unconnected = unconnected_kind(unconnected_gradients)
        if target is None:
            raise InvalidTypeError(
                "Argument `target` should be a list or nested structure of Tensors, Variables or "
                "CompositeTensors to be differentiated, but received None.",
                "Return the loss from the block, and pass it.",
            )
        targets = [_checked(t, "target") for t in nest.flatten(target)]
        wanted = [_checked(s, "source") for s in nest.flatten(sources)]
        with np.errstate(all="ignore"):
            seeds = _seeds(targets, output_gradients)
            found = _pull(recording, targets, seeds, wanted, GatheredRows)
            self._done(recording)
            gradients = [_finished(s, g, unconnected) for s, g in zip(wanted, found, strict=True)]
        return (
            nest.pack_sequence_as(sources, gradients) if nest.is_nested(sources) else gradients[0]
        )

    def jacobian(
        self,
        target: Any,
        sources: Any,
        unconnected_gradients: Any = UnconnectedGradients.NONE,
        parallel_iterations: int | None = None,
        experimental_use_pfor: bool = True,
    ) -> Any:
        """The derivatives of every element of ``target``: shape ``target.shape + source.shape``.

        All rows are pulled back at once, by vmap. ``sources`` is a tensor, a variable or a
        structure of them.

        >>> import functrans.tf as tf
        >>> x = tf.constant([1.0, 2.0])
        >>> with tf.GradientTape() as tape:
        ...     tape.watch(x)
        ...     y = x * x
        >>> tape.jacobian(y, x).numpy()
        array([[2., 0.],
               [0., 4.]], dtype=float32)
        """
        recording = self._taken()
        unconnected = unconnected_kind(unconnected_gradients)
        self._check_pfor(experimental_use_pfor)
        target = _checked(target, "target")
        wanted = [_checked(s, "source") for s in nest.flatten(sources)]
        shape, size = tuple(target.shape), int(np.prod(tuple(target.shape), dtype=int))
        with np.errstate(all="ignore"):
            basis = np.eye(size, dtype=target.dtype.np).reshape(size, *shape)
            rows = ft.vmap(lambda seed: _pull(recording, [target], [seed], wanted))(basis)
            self._done(recording)
            jacobians = [
                None if j is None else fnp.reshape(j, shape + tuple(s.shape))
                for s, j in zip(wanted, rows, strict=True)
            ]
            finished = [
                _finished(s, j, unconnected, shape) for s, j in zip(wanted, jacobians, strict=True)
            ]
        return nest.pack_sequence_as(sources, finished) if nest.is_nested(sources) else finished[0]

    def batch_jacobian(
        self,
        target: Any,
        source: Any,
        unconnected_gradients: Any = UnconnectedGradients.NONE,
        parallel_iterations: int | None = None,
        experimental_use_pfor: bool = True,
    ) -> Any:
        """The Jacobian of each example: of shapes [b, y…] and [b, x…] it makes [b, y…, x…].

        Examples must not depend on each other; what one contributes to another is added in.

        Raises
        ------
        InvalidValueError: operands without a first axis of one size.

        >>> import functrans.tf as tf
        >>> x = tf.constant([[1.0, 2.0], [3.0, 4.0]])
        >>> with tf.GradientTape() as tape:
        ...     tape.watch(x)
        ...     y = x * x
        >>> tape.batch_jacobian(y, x).numpy()[1]
        array([[6., 0.],
               [0., 8.]], dtype=float32)
        """
        recording = self._taken()
        target, source = _checked(target, "target"), _checked(source, "source")
        unconnected_kind(unconnected_gradients)
        shape, source_shape = tuple(target.shape), tuple(source.shape)
        for s in (shape, source_shape):
            if len(s) < 2:
                raise InvalidValueError(
                    f"Shape {s} must have rank at least 2",
                    "A batch has its examples along the first axis: use jacobian for one.",
                )
        if shape[0] != source_shape[0]:
            raise InvalidValueError(
                f"Need first dimension of target shape {target.shape} and source shape "
                f"{source.shape} to match.",
                "Both need the batch as their first of at least two axes.",
            )
        self._check_pfor(experimental_use_pfor)
        batch, size = shape[0], int(np.prod(shape[1:], dtype=int))
        with np.errstate(all="ignore"):
            each = np.eye(size, dtype=target.dtype.np).reshape(size, 1, *shape[1:])
            basis = np.broadcast_to(each, (size, *shape))
            (rows,) = ft.vmap(lambda seed: _pull(recording, [target], [seed], [source]))(basis)
            self._done(recording)
            full = (batch, *shape[1:], *source_shape[1:])
            if rows is None:
                return wrap(np.zeros(full, source.dtype.np))
            return wrap(fnp.reshape(fnp.swapaxes(rows, 0, 1), full))

    def _check_pfor(self, use_pfor: bool) -> None:
        if not use_pfor and not self._persistent:
            raise InvalidUseError(
                "GradientTape must be created with persistent=True to compute the jacobian with "
                "experimental_use_pfor = False.",
                "Leave the option out: all rows are pulled back at once.",
            )

    def _taken(self) -> TapeRecording:
        """The recording, for a derivative that is asked for now."""
        if self._recording is None:
            raise InvalidUseError(
                "A non-persistent GradientTape can only be used to compute one set of gradients "
                "(or jacobians)",
                "Ask for all sources at once, tape.gradient(loss, [w, b]), or make the tape with "
                "tf.GradientTape(persistent=True).",
            )
        if self._active:
            if not self._persistent:
                self._close()
            else:
                _warn(
                    "Calling GradientTape.gradient on a persistent tape inside its context is "
                    "significantly less efficient than calling it outside the context: the "
                    "derivative is recorded too. Do it only for derivatives of higher order.",
                    None,
                    1,
                )
        return self._recording

    def _done(self, recording: TapeRecording) -> None:
        """Give a single-use tape's memory back."""
        if not self._persistent:
            self.watched_variables()
            self._recording = None
            recording.free()


# --- helpers -------------------------------------------------------------------------------------


def _checked(thing: Any, role: str) -> Any:
    """A target or source."""
    if isinstance(thing, WatchedVariable):
        return thing._root()
    if isinstance(thing, Tensor | TensorLike):
        return thing
    kind = InvalidTypeError if thing is None or isinstance(thing, str | bytes) else AbsentNameError
    raise kind(
        f"{type(thing).__name__!r} object has no gradient: the {role} is no tensor or variable, "
        f"but {thing!r:.60}.",
        f"Give the {role} as a tensor of the recorded computation, or as a variable.",
    )


def _seeds(targets: Sequence[Any], given: Any) -> list[Any]:
    """The cotangents of the targets: ones, or what is given for them, in order."""
    if given is None:
        kinds = [(tuple(t.shape), t.dtype.np) for t in targets]
        return [np.ones(s, d)[()] if d.kind in "fc" else None for s, d in kinds]
    seeds = [as_tensor(g) for g in nest.flatten(given)]
    if len(seeds) < len(targets):
        raise InvalidValueError(
            f"There are {len(targets)} targets, but {len(seeds)} output gradients.",
            "Give one for each target, nested as the targets are.",
        )
    return [_seed(t, g) for t, g in zip(targets, seeds, strict=False)]


def _seed(target: Any, given: Tensor) -> Any:
    """A given cotangent, broadcast to its target."""
    dtype, shape = target.dtype.np, tuple(target.shape)
    if given._dtype != dtype:
        raise mismatch("Mul", 1, given._dtype, dtype)
    v = value(given)
    if v.shape != shape:
        a, b = (f"[{','.join(map(str, s))}]" for s in (v.shape, shape))
        try:
            v = fnp.broadcast_to(v, shape)
        except ValueError as error:
            raise InvalidArgumentError.at(
                f"Incompatible shapes: {a} vs. {b} [Op:Mul] name: ",
                "Give each target's gradient in its shape.",
            ) from error
    return fnp.conj(v) if dtype.kind == "c" else v


def _pull(
    recording: TapeRecording,
    targets: Sequence[Any],
    seeds: Sequence[Any],
    sources: Sequence[Any],
    gather: type[Sum] = Sum,
) -> list[Any]:
    """The sources' cotangents (None for none) in TensorFlow's convention.

    The tape pairs cotangents with tangents without conjugating; TensorFlow's gradient of complex
    numbers is the direction of ascent, the conjugate. ``gather`` is what sums the cotangents of
    the sources.
    """
    outs = [recording.traced_value(t) for t in targets]
    live = [i for i, (o, s) in enumerate(zip(outs, seeds, strict=True)) if s is not None]
    variables = [recording.variable_of(s) for s in sources]
    known = [v for v in variables if v is not None]
    pulled: Sequence[Any] = ()
    if known:
        ends, starts = [outs[i] for i in live], [seeds[i] for i in live]
        try:
            pulled = recording.pull(ends, starts, known, gather)
        except LinAlgError as error:  # of a matrix that the gradient divides by
            raise InvalidArgumentError.at(error.what, error.remedy, error.line) from error
    found = iter(pulled)
    result = []
    for source, variable in zip(sources, variables, strict=True):
        if variable is not None:
            gradient = next(found)
        else:  # a source that is a target itself counts, seen by the tape or not
            same = [s for t, s in zip(targets, seeds, strict=True) if t is source and s is not None]
            gradient = sum(same[1:], same[0]) if same else None
        conjugated = source.dtype.is_complex
        if isinstance(gradient, Rows):
            gradient = slices_of(gradient, source, conjugated)
        elif gradient is not None and conjugated:
            gradient = fnp.conj(gradient)
        result.append(gradient)
    return result


def _finished(
    source: Any, gradient: Any, unconnected: UnconnectedGradients, rows: tuple[int, ...] = ()
) -> Any:
    """A gradient as what the caller gets."""
    if isinstance(gradient, IndexedSlices):
        return gradient
    if gradient is not None:
        return wrap(gradient)
    if unconnected is UnconnectedGradients.NONE:
        return None
    return wrap(np.zeros(rows + tuple(source.shape), source.dtype.np)[()])
