"""The lowering words: what a primitive says to the compiler about itself.

A primitive's ``lower`` slot returns one of these records. They describe an operation over index
spaces and name no primitive; the stages of ``codegen`` know these words and nothing else. Index
``i`` below runs over the axes of the output.

============  ==================================================================================
word          meaning
============  ==================================================================================
Map           ``out[i] = scalar(in_0[i], in_1[i], …)``; a rank-0 operand is read at every ``i``
Opaque        ``out[i] = routine(in_0[i], …)``; a library's function, called by its address
View          ``out[i] = in[f(i)]`` with one affine form of ``i`` for each axis of the operand
Reshape       ``out`` and ``in`` hold the same elements in the same row-major order
Pad           ``out[i] = in[(i − low) / (interior + 1)]`` where that exists, else the fill value
Concat        the operands one after the other along one axis
Iota          ``out[i] = i[axis]``
Reduce        fold an associative scalar operation over some axes of the operand
ArgReduce     index of the first extreme element along one axis
Cumulative    running fold along one axis, forwards or backwards
Contract      sum of products over paired axes, with batch axes (BLAS by size, or loops)
Gather        ``out[i] = in[…]`` with some coordinates read from integer arrays
Scatter       the updates written, or folded, into a copy of the operand at such coordinates
Call          run an inner program; the ``inline`` pass removes it before codegen
Loop          run an inner program a fixed number of times; state is carried, rows are stacked
While         run an inner program as long as another one says so
Unwind        run one so, keep rows of each iteration, and read them from the last to the first
Branch        run one of several inner programs
Routine       a factorisation, or what its factors give, of each matrix of a batch
Fourier       a Fourier transform along the last axis
Fence         the operands themselves, for readers that must come after all of them
============  ==================================================================================

A primitive with no word yet returns ``Fallback(reason)``: the compiled program then calls the
primitive's NumPy implementation, and the report counts it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Affine:
    """An index form ``offset + Σ coefficient·i[axis]`` over the axes of the output."""

    offset: int = 0
    terms: tuple[tuple[int, int], ...] = ()  # (output axis, coefficient), axes ascending


@dataclass(frozen=True, slots=True)
class Map:
    """One scalar function per element; ``scalar`` is a name of ``codegen.vector_math``.

    ``static`` holds numbers fixed at trace time (the exponent of an integer power).
    """

    scalar: str
    static: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Opaque:
    """One call of a library's function per element; ``routine`` is a ufunc of ``scipy.special``.

    All operands have the dtype of the output, float32 or float64.
    """

    routine: str


@dataclass(frozen=True, slots=True)
class View:
    """Read the operand through affine forms, one for each operand axis."""

    index: tuple[Affine, ...]


@dataclass(frozen=True, slots=True)
class Reshape:
    """Same elements, same row-major order, another shape."""


@dataclass(frozen=True, slots=True)
class Pad:
    """Operands: array, rank-0 fill value. Negative ``low`` or ``high`` crops."""

    low: tuple[int, ...]
    high: tuple[int, ...]
    interior: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Concat:
    """Join the operands along ``axis``."""

    axis: int


@dataclass(frozen=True, slots=True)
class Iota:
    """The coordinate along ``axis``, in the output's dtype."""

    axis: int


@dataclass(frozen=True, slots=True)
class Reduce:
    """Fold ``op`` (add, mul, max, min, and, or) over ``axes``, which the output lacks."""

    op: str
    axes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ArgReduce:
    """Index of the first maximum or minimum (``op`` max or min) along ``axis``; a NaN wins."""

    op: str
    axis: int


@dataclass(frozen=True, slots=True)
class Cumulative:
    """Running ``op`` (add, mul, max, min) along ``axis``, from the end when ``reverse``."""

    op: str
    axis: int
    reverse: bool


@dataclass(frozen=True, slots=True)
class Contract:
    """``out[batch…, free_lhs…, free_rhs…] = Σ lhs·rhs`` over the paired contracted axes."""

    lhs_contract: tuple[int, ...]
    rhs_contract: tuple[int, ...]
    lhs_batch: tuple[int, ...]
    rhs_batch: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Gather:
    """Operands: array, then one integer array for each of ``axes``, all of one shape B.

    The output has the shape B followed by the operand's other axes in order. Negative indices
    count from the end. ``mode`` says what an index out of bounds does: ``"raise"`` ends the
    program with an IndexError, ``"clip"`` and ``"wrap"`` move it into range, ``"fill"`` gives the
    number ``fill``.
    """

    axes: tuple[int, ...]
    mode: str = "raise"
    fill: float = 0.0


@dataclass(frozen=True, slots=True)
class Scatter:
    """Operands: array, updates of shape B + other axes, then the integer arrays as in Gather.

    ``op`` is set, add, mul, min or max; the last write wins for set. Mode ``"drop"`` ignores
    indices out of bounds.
    """

    op: str
    axes: tuple[int, ...]
    mode: str = "raise"


@dataclass(frozen=True, slots=True)
class Call:
    """Run the inner program held in the equation's ``jaxpr`` parameter.

    With ``own_rules`` the transforms treat the equation otherwise than its program: nobody but the
    compiler may put the one in the place of the other. With ``own_batch`` a rule of the user's
    tells apart which operands differ between examples.
    """

    own_rules: bool = False
    own_batch: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """What a loop shows of itself while it runs: a bar of tqdm's, or a call of a function.

    ``options`` are tqdm's keywords; ``role`` says what part of a derivative the loop computes.
    """

    options: tuple[tuple[str, Any], ...] = ()
    function: Callable[[int, int | None], Any] | None = None
    role: str = ""


@dataclass(frozen=True, slots=True)
class Hints:
    """What a loop is told about how to run; it changes no value.

    ``unroll`` iterations become one. Derived loops have the same hints.
    """

    unroll: int = 1
    progress: Progress | None = None

    def of(self, role: str) -> Hints:
        """The hints of a loop that computes another part of a derivative."""
        shown = self.progress and replace(self.progress, role=role)
        return replace(self, progress=shown)


@dataclass(frozen=True, slots=True)
class Loop:
    """Run the program in the equation's ``jaxpr`` parameter ``length`` times.

    Operands: ``constants`` arrays that every iteration reads, ``carries`` initial values, then
    arrays whose leading axis is the iteration. The program maps constants, carries and one row of
    each of the others to new carries and rows; results are the last carries, then the stacked
    rows. ``reverse`` runs from the last row to the first.
    """

    constants: int
    carries: int
    length: int
    reverse: bool = False
    progress: Progress | None = None


@dataclass(frozen=True, slots=True)
class While:
    """Run the program ``body_jaxpr`` as long as ``cond_jaxpr`` gives True.

    Operands: ``cond_constants`` arrays for the condition, ``body_constants`` for the body, then
    the initial carries. Both programs take their constants and the carries; results are the last
    carries.
    """

    cond_constants: int
    body_constants: int
    progress: Progress | None = None


@dataclass(frozen=True, slots=True)
class Branch:
    """Run one of the programs in the equation's ``branches`` parameter.

    The first operand is its number; one out of range means the first or the last program. All
    programs take the other operands.
    """


@dataclass(frozen=True, slots=True)
class Fence:
    """The first ``kept`` operands, for readers that must come after all operands are computed."""

    kept: int


@dataclass(frozen=True, slots=True)
class Unwind:
    """Run a while, keep rows of every iteration, and read them from the last to the first.

    ``body_jaxpr`` runs as long as ``cond_jaxpr`` gives True. It maps its constants and the carries
    to new carries, then rows. ``back_jaxpr`` runs as often: it maps constants, carries of its own
    and the rows of one iteration, the last one first, to its new carries. Operands: constants of
    the condition, of the body, the initial ``carries``, constants of the way back, its initial
    carries. Results are the last carries of the way back.
    """

    cond_constants: int
    body_constants: int
    carries: int
    back_constants: int
    progress: Progress | None = None


@dataclass(frozen=True, slots=True)
class Routine:
    """One call of a matrix routine of ``codegen.routines`` for each matrix of a batch.

    Operands and results have the same leading axes. ``uses`` numbers the operands that the call
    reads; ``options`` are static.
    """

    name: str
    uses: tuple[int, ...]
    options: tuple[tuple[str, bool], ...] = ()


@dataclass(frozen=True, slots=True)
class Fourier:
    """A Fourier transform along the last axis, times ``scale``; ``name`` is a ufunc of NumPy's."""

    name: str
    scale: float


@dataclass(frozen=True, slots=True)
class Fallback:
    """No native lowering yet: the NumPy implementation is called. The report shows ``reason``."""

    reason: str


Word = (
    Map | Opaque | View | Reshape | Pad | Concat | Iota | Reduce | ArgReduce | Cumulative
    | Contract | Gather | Scatter | Call | Loop | While | Unwind | Branch
    | Routine | Fourier | Fence | Fallback
)  # fmt: skip
