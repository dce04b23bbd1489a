"""scan: a loop of known length as one operation, differentiable in both modes."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from functrans import kernel, tree
from functrans.control.bodies import (
    Body,
    changed_structure,
    changed_type,
    filled,
    operand,
    stage_carried,
)
from functrans.control.budget import checked_budget
from functrans.control.call import executable_of, jit_disabled
from functrans.control.hints import hints_of, in_role, told, watched
from functrans.control.loop_programs import (
    Batched,
    Linearized,
    Pushed,
    Transposed,
    Values,
    batched,
    linearized,
    parts,
    pushed,
    transposed,
)
from functrans.core.avals import Aval, aval_of, shape_of
from functrans.core.jaxpr import Eqn, Jaxpr, Var, evaluate, remember
from functrans.core.primitive import Accumulator, Primitive
from functrans.core.trace import bind, current_trace, run_under
from functrans.errors import OptionError, ShapeError, TypeMismatchError
from functrans.kernel import Hints
from functrans.passes.loops import reached_carries
from functrans.primitives.layout import batch_to_front, move_axis, zeros
from functrans.transforms.linearize import Tape
from functrans.transforms.stage import check_callable
from functrans.transforms.transpose import backward

NATIVE = True
"""Whether the compiler knows the word ``Loop``."""


def run_scan(
    body: Body,
    constants: Values,
    carries: Values,
    rows: Values,
    length: int,
    reverse: bool,
    hints: Hints | None = None,
) -> tuple[list[Any], list[Any]]:
    """Apply the operation; returns the last carries and the stacked results."""
    constants = [*body.captured, *constants]
    outs = bind(
        scan_p,
        *constants,
        *carries,
        *rows,
        jaxpr=body.jaxpr,
        constants=len(constants),
        carries=len(carries),
        length=length,
        reverse=reverse,
        **told(hints),
    )
    return outs[: len(carries)], outs[len(carries) :]


# --- type and value ------------------------------------------------------------------------------


def _stacked(aval: Aval, length: int) -> Aval:
    return aval.with_shape((length, *aval.shape))


def _operand_avals(jaxpr: Jaxpr, constants: int, carries: int, length: int) -> list[Aval]:
    fixed, carried, rows = parts(jaxpr.in_avals, constants, carries)
    return [*fixed, *carried, *(_stacked(a, length) for a in rows)]


def _scan_abstract(
    *avals: Aval,
    jaxpr: Jaxpr,
    constants: int,
    carries: int,
    length: int,
    reverse: bool,
    hints: Hints | None = None,
) -> list[Aval]:
    wanted = _operand_avals(jaxpr, constants, carries, length)
    outs = jaxpr.out_avals
    carried = parts(wanted, constants, carries)[1]
    found = [*avals, *outs[:carries]]
    if len(avals) != len(wanted) or not all(map(Aval.same_type, found, [*wanted, *carried])):
        raise TypeMismatchError(
            f"scan got operands of types {avals} for a program from {wanted} to {outs}."
        )
    return [
        *(a.strengthen() for a in outs[:carries]),
        *(_stacked(a, length) for a in outs[carries:]),
    ]


def _scan_impl(
    *args: Any,
    jaxpr: Jaxpr,
    constants: int,
    carries: int,
    length: int,
    reverse: bool,
    hints: Hints | None = None,
) -> Sequence[Any]:
    if jit_disabled.get() or not NATIVE:
        step = partial(evaluate, jaxpr) if jit_disabled.get() else executable_of(jaxpr).run
        with watched(hints, length) as tick:
            return _python_steps(step, args, jaxpr, constants, carries, length, reverse, tick)

    def make() -> Jaxpr:
        """The program of this one equation."""
        invars = [Var(a) for a in _operand_avals(jaxpr, constants, carries, length)]
        params: dict[str, Any] = {
            "jaxpr": jaxpr, "constants": constants, "carries": carries, "length": length,
            "reverse": reverse, **told(hints),
        }  # fmt: skip
        outvars = [Var(a) for a in _scan_abstract(*(v.aval for v in invars), **params)]
        return Jaxpr((), (), invars, [Eqn(scan_p, invars, outvars, params)], outvars)

    program = remember(jaxpr, ("scan program", constants, carries, length, reverse, hints), make)
    return executable_of(program).run(*args)


def _python_steps(
    step: Callable[..., Values],
    args: Values,
    jaxpr: Jaxpr,
    constants: int,
    carries: int,
    length: int,
    reverse: bool,
    tick: Callable[[], None],
) -> list[Any]:
    fixed, carried, rows = parts(args, constants, carries)
    stacks = [np.empty((length, *a.shape), a.dtype) for a in jaxpr.out_avals[carries:]]
    for i in reversed(range(length)) if reverse else range(length):
        outs = step(*fixed, *carried, *(x[i] for x in rows))
        carried = outs[:carries]
        for stack_, row in zip(stacks, outs[carries:], strict=True):
            stack_[i] = row
        tick()
    return [*carried, *stacks]


# --- derivatives ---------------------------------------------------------------------------------


def _scan_linearize(
    nonzero: Sequence[bool],
    *args: Any,
    jaxpr: Jaxpr,
    constants: int,
    carries: int,
    length: int,
    reverse: bool,
    hints: Hints | None = None,
) -> Any:
    mask = tuple(nonzero)
    split: Linearized = remember(
        jaxpr,
        ("scan linearize", constants, carries, mask),
        lambda: linearized(jaxpr, constants, carries, mask),
    )
    fixed, carried, rows = parts(args, constants, carries)
    once = evaluate(split.before, *fixed)
    last, stacks = run_scan(split.primal, [*fixed, *once], carried, rows, length, reverse, hints)
    n_out = len(jaxpr.outvars)
    outs = [*last, *stacks][:n_out]
    if not any(split.out_nonzero):
        return outs, None
    known = {"arg": args, "before": once, "out": [*last, *stacks]}
    residuals = [known[kind][k] for kind, k in split.residuals]
    carry_avals = parts(jaxpr.in_avals, constants, carries)[1]

    def scan_pushforward(*tangents: Any) -> list[Any]:
        of_constants, of_carries, of_rows = parts(tangents, constants, carries)
        fixed = [*residuals[: split.fixed], *(t for t in of_constants if t is not None)]
        found = run_scan(
            split.linear,
            [
                *(x for x, on in zip(fixed, split.read, strict=True) if on),
                *evaluate(split.outside, *fixed),
            ],
            filled(of_carries, carry_avals, split.carried),
            [*residuals[split.fixed :], *(t for t in of_rows if t is not None)],
            length,
            reverse,
            in_role(hints, "tangents"),
        )
        dots = iter([*found[0], *found[1]])
        return [next(dots) if on else None for on in split.out_nonzero]

    return outs, scan_pushforward


def _scan_jvp(
    primals: Values,
    tangents: Values,
    *,
    jaxpr: Jaxpr,
    constants: int,
    carries: int,
    length: int,
    reverse: bool,
    hints: Hints | None = None,
) -> Any:
    mask = tuple(t is not None for t in tangents)
    program: Pushed = remember(
        jaxpr,
        ("scan jvp", constants, carries, mask),
        lambda: pushed(jaxpr, constants, carries, mask),
    )
    fixed, carried, rows = parts(primals, constants, carries)
    of_constants, of_carries, of_rows = parts(tangents, constants, carries)
    carry_avals = parts(jaxpr.in_avals, constants, carries)[1]
    last, stacks = run_scan(
        program.body,
        [*fixed, *(t for t in of_constants if t is not None)],
        [*carried, *filled(of_carries, carry_avals, program.carried)],
        [*rows, *(t for t in of_rows if t is not None)],
        length,
        reverse,
        hints,
    )
    dots = iter([*last[carries:], *stacks[len(program.rows) :]])
    outs = [*last[:carries], *stacks[: len(program.rows)]]
    return outs, [next(dots) if on else None for on in (*program.carried, *program.rows)]


def _scan_transpose(
    cotangents: Values,
    *args: Any,
    jaxpr: Jaxpr,
    constants: int,
    carries: int,
    length: int,
    reverse: bool,
    hints: Hints | None = None,
) -> None:
    linear = tuple(isinstance(a, Accumulator) for a in args)
    reached = reached_carries(jaxpr, constants, carries, linear)
    if not all(reached):
        params = {"length": length, "reverse": reverse, **told(hints)}
        _transpose_mixed(cotangents, args, linear, jaxpr, constants, carries, params)
        return
    fixed, carried, rows = parts(args, constants, carries)
    mask = (*linear[:constants], *reached, *linear[constants + carries :])
    last = tuple(ct is not None for ct in cotangents[:carries])
    rows_nonzero = tuple(ct is not None for ct in cotangents[carries:])
    back: Transposed = remember(
        jaxpr,
        ("scan transpose", constants, carries, mask, rows_nonzero, last),
        lambda: transposed(jaxpr, constants, carries, mask, rows_nonzero, last),
    )
    sums = [x for x in fixed if isinstance(x, Accumulator)]
    carry_avals = parts(jaxpr.in_avals, constants, carries)[1]
    found, stacks = run_scan(
        back.body,
        [x for x in fixed if not isinstance(x, Accumulator)],
        [*(zeros(x.aval) for x in sums), *filled(cotangents[:carries], carry_avals, back.live)],
        [
            *(x for x in rows if not isinstance(x, Accumulator)),
            *(ct for ct in cotangents[carries:] if ct is not None),
        ],
        length,
        not reverse,
        in_role(hints, "gradient"),
    )
    for x, ct in zip(sums, found, strict=False):
        x.add(ct)
    live = [x for x, on in zip(carried, back.live, strict=True) if on]
    for x, ct in zip(live, found[len(sums) :], strict=True):
        if isinstance(x, Accumulator):  # else the zero that a carry starts with
            x.add(ct)
    for x, ct in zip((x for x in rows if isinstance(x, Accumulator)), stacks, strict=True):
        x.add(ct)


def _transpose_mixed(
    cotangents: Values,
    args: Values,
    linear: Sequence[bool],
    jaxpr: Jaxpr,
    constants: int,
    carries: int,
    params: dict[str, Any],
) -> None:
    """Transpose a loop that also carries what is not linear: its own derivative, taken anywhere,
    is the same linear function with that part computed before."""
    anywhere = [zeros(a.aval) if on else a for a, on in zip(args, linear, strict=True)]
    _, pushforward = _scan_linearize(
        linear, *anywhere, jaxpr=jaxpr, constants=constants, carries=carries, **params
    )  # fmt: skip
    if pushforward is None:
        return
    tape = Tape(current_trace())
    ins = [tape.input(a.aval) if on else None for a, on in zip(args, linear, strict=True)]
    outs = run_under(tape, pushforward, *ins)
    for a, ct in zip(args, backward(tape, outs, cotangents, ins), strict=True):
        if ct is not None:
            a.add(ct)


# --- one more axis -------------------------------------------------------------------------------


def _scan_batch(
    size: int,
    args: Values,
    dims: Sequence[int | None],
    *,
    jaxpr: Jaxpr,
    constants: int,
    carries: int,
    length: int,
    reverse: bool,
    hints: Hints | None = None,
) -> Any:
    fixed, carried, rows = parts(args, constants, carries)
    of_fixed, of_carries, of_rows = parts(dims, constants, carries)
    # Examples come right after the iterations in rows, and first in carries.
    rows = [x if d is None else move_axis(x, d, 1) for x, d in zip(rows, of_rows, strict=True)]
    inner = (
        *of_fixed,
        *(None if d is None else 0 for d in of_carries),
        *(None if d is None else 0 for d in of_rows),
    )
    program: Batched = remember(
        jaxpr,
        ("scan batch", constants, carries, size, inner),
        lambda: batched(jaxpr, constants, carries, size, inner),
    )
    starts = [
        batch_to_front(size, x, d) if on else x
        for x, d, on in zip(carried, of_carries, program.carried, strict=True)
    ]
    last, stacks = run_scan(program.body, fixed, starts, rows, length, reverse, hints)
    out_dims = [0 if on else None for on in program.carried]
    return [*last, *stacks], [*out_dims, *(None if d is None else d + 1 for d in program.rows)]


def _scan_lower(
    avals: Sequence[Aval],
    out: Sequence[Aval],
    *,
    jaxpr: Jaxpr,
    constants: int,
    carries: int,
    length: int,
    reverse: bool,
    hints: Hints | None = None,
) -> kernel.Word:
    if not NATIVE:
        return kernel.Fallback("loops are not native yet")
    progress = None if hints is None else hints.progress
    return kernel.Loop(constants, carries, length, reverse, progress)


scan_p: Primitive = Primitive(
    "scan",
    _scan_abstract,
    _scan_impl,
    _scan_linearize,
    _scan_transpose,
    _scan_batch,
    _scan_lower,
    jvp=_scan_jvp,
    multiple=True,
)


# --- the functions -------------------------------------------------------------------------------


def scan(
    f: Callable[[Any, Any], tuple[Any, Any]],
    init: Any,
    xs: Any = None,
    length: int | None = None,
    reverse: bool = False,
    unroll: int | bool = 1,
    *,
    checkpoint: int | str | None = None,
    progress: Any = None,
) -> tuple[Any, Any]:
    """A loop that carries a state along the leading axis of arrays and stacks what it yields.

    The same as this, but traced once, compiled, and differentiable as one operation::

        carry, ys = init, []
        for x in xs:
            carry, y = f(carry, x)
            ys.append(y)
        return carry, stack(ys)

    Parameters
    ----------
    f: maps the carry and one row of ``xs`` to the next carry and a row of the result. It is run
        on types only, so a Python condition on values raises TracerBoolConversionError.
    init: the first carry, a tree of arrays and numbers. A Python number takes the dtype that
        ``f`` gives it; every other carry must keep shape and dtype.
    xs: a tree of arrays with the same leading axis, or None.
    length: number of iterations, needed where ``xs`` holds no array.
    reverse: run from the last row to the first; results keep their places.
    unroll: so many iterations are compiled as one, True for all of them. That pays for array code,
        where they fuse; the loop itself costs nothing that unrolling could spare.
    checkpoint: the memory budget of reverse mode: how many carries are saved at most, ``"log"`` for
        about log2 of the number of iterations, or None to keep what the derivative needs of every
        iteration; see :func:`while_loop`.
    progress: show how far the loop is while it runs, ten times a second: True or a title for a bar
        of tqdm's, a dict of tqdm's keywords, or a function of the number of iterations done and
        their total. Loops that compute derivatives show themselves too; a loop under ``vmap``
        is one loop. Such a loop is not unrolled.

    Returns
    -------
    The last carry and the tree of stacked rows.

    Raises
    ------
    TypeMismatchError: a carry that changes its structure, shape or dtype; ``f`` that returns no
        pair.
    ShapeError: rows of different number. OptionError: no length known; ``checkpoint`` that is no
        budget.
    MissingPackageError: a bar without tqdm.

    >>> import numpy as np
    >>> total, sums = ft.lax.scan(lambda c, x: (c + x, c + x), 0.0, np.array([1.0, 2.0, 3.0]))
    >>> total, sums
    (np.float64(6.0), array([1., 3., 6.]))
    """
    check_callable("scan", f)
    budget = checked_budget(checkpoint)
    rows, rows_tree = tree.flatten(xs)
    steps = number_of_rows("scan", rows, length)
    hints = hints_of(unroll, progress, steps)
    if jit_disabled.get() and steps:
        return _python_scan(f, init, xs, steps, reverse, hints)
    start, carry_tree = tree.flatten(init)
    ys_tree: list[tree.PyTreeDef] = []

    def flat_function(*leaves: Any) -> list[Any]:
        carry = tree.unflatten(carry_tree, leaves[: len(start)])
        result = f(carry, tree.unflatten(rows_tree, leaves[len(start) :]))
        carry, y = _pair(result)
        outs, out_tree = tree.flatten(carry)
        if out_tree != carry_tree:
            raise changed_structure("scan", carry_tree, out_tree)
        ys, structure = tree.flatten(y)
        ys_tree.append(structure)
        return [*outs, *ys]

    row_avals = [aval_of(x) for x in rows]
    body, carry_avals = stage_carried(
        flat_function,
        [aval_of(x) for x in start],
        [a.with_shape(a.shape[1:]) for a in row_avals],
        partial(changed_type, "scan", init),
    )
    carried = [operand(x, a) for x, a in zip(start, carry_avals, strict=True)]
    if steps:
        operands = [operand(x, a) for x, a in zip(rows, row_avals, strict=True)]
        if budget is None:
            last, stacks = run_scan(body, (), carried, operands, steps, bool(reverse), hints)
        else:
            # Imported here: a while is built on this module.
            from functrans.control.while_loop import scan_by_while

            last, stacks = scan_by_while(
                body, carried, operands, steps, bool(reverse), budget, hints
            )
    else:
        last = carried
        stacks = [np.empty((0, *a.shape), a.dtype) for a in body.jaxpr.out_avals[len(start) :]]
    return tree.unflatten(carry_tree, last), tree.unflatten(ys_tree[-1], stacks)


def number_of_rows(loop: str, rows: Sequence[Any], given: Any) -> int:
    """The number of iterations over ``rows``, which ``given`` may say too."""
    sizes = []
    for x in rows:
        shape = shape_of(x) if not isinstance(x, bool | int | float | complex) else ()
        aval_of(x)
        if not shape:
            raise ShapeError(
                f"{loop} got {x!r:.60} in xs, which has no leading axis to run along.",
                "Pass what every iteration reads through the function's closure, not in xs.",
            )
        sizes.append(shape[0])
    if given is not None:
        try:
            steps = operator.index(given)
        except TypeError:
            raise OptionError(f"length is {given!r:.60}, which is no Python int.") from None
        if steps < 0:
            raise OptionError(f"length is {steps}; a loop cannot have fewer than 0 iterations.")
        if any(size != steps for size in sizes):
            raise ShapeError(
                f"{loop} got length={steps} and arrays in xs with leading axes of {sizes}.",
                "Leave length out, or make the leading axes agree with it.",
            )
        return steps
    if not sizes:
        raise OptionError(
            f"{loop} got no arrays in xs and no length.", "Say how often to run: length=…"
        )
    if len(set(sizes)) > 1:
        raise ShapeError(
            f"The arrays in xs have leading axes of different sizes {sizes}.",
            "Every iteration reads one row of each: their numbers of rows must agree.",
        )
    return int(sizes[0])


def _pair(result: Any) -> tuple[Any, Any]:
    if not isinstance(result, tuple | list) or len(result) != 2:
        raise TypeMismatchError(
            f"The function given to scan returned {result!r:.80}, which is no pair.",
            "Return (carry, y); y may be None.",
        )
    return result[0], result[1]


def _python_scan(
    f: Callable[..., Any], init: Any, xs: Any, steps: int, reverse: bool, hints: Hints | None
) -> tuple[Any, Any]:
    """The loop in plain Python, for ``disable_jit``."""
    carry = init
    ys: list[Any] = []
    with watched(hints, steps) as tick:
        for i in reversed(range(steps)) if reverse else range(steps):
            carry, y = _pair(f(carry, tree.map_(lambda x, i=i: x[i], xs)))
            ys.append(y)
            tick()
    if reverse:
        ys.reverse()
    return carry, tree.map_(lambda *rows: np.stack(rows), ys[0], *ys[1:])
