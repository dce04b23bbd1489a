"""cond and switch: one of several programs runs, chosen by an index, as one operation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from functrans import kernel, tree
from functrans.control.bodies import common_type, finished_together, operand
from functrans.control.branch_programs import (
    Alternatives,
    alternatives,
    batched,
    linearized,
    pushed,
    transposed,
)
from functrans.control.call import executable_of, jit_disabled, jit_jvp, jit_linearize, jit_p
from functrans.control.examples import following, guarded, wide
from functrans.control.loop_programs import Values, examples_first
from functrans.control.one_by_one import acts_for_each, one_by_one
from functrans.core.avals import Aval, aval_of, is_inexact
from functrans.core.axes import HERE, concerns
from functrans.core.jaxpr import Jaxpr, evaluate, remember
from functrans.core.primitive import Accumulator, Primitive
from functrans.core.trace import Tracer, bind, known
from functrans.errors import (
    DtypeError,
    FunctransError,
    OptionError,
    TypeMismatchError,
)
from functrans.passes.branches import Branches, is_plain, taken
from functrans.primitives.elementwise import eq, ge, le, max_, min_, ne
from functrans.primitives.layout import batch_to_front, zeros
from functrans.primitives.linear import convert, select_n
from functrans.primitives.reductions import reduce_or
from functrans.transforms.stage import check_callable, stage
from functrans.transforms.vmap import batch_flat

Dims = Sequence[int | None]

_INDEX = np.dtype(np.int64)


def run_branches(programs: Alternatives, index: Any, operands: Values) -> list[Any]:
    """Apply the operation."""
    outs: list[Any] = bind(cond_p, index, *programs.captured, *operands, branches=programs.branches)
    return outs


# --- type and value ------------------------------------------------------------------------------


def _cond_abstract(index: Aval, *avals: Aval, branches: Branches) -> list[Aval]:
    if index.shape or index.dtype.kind not in "iu":
        raise TypeMismatchError(f"cond chooses by one integer, not by {index}.")
    outs = branches[0].out_avals
    for branch in branches:
        found, wanted = [*avals, *outs], [*branch.in_avals, *branch.out_avals]
        if len(found) != len(wanted) or not all(map(Aval.same_type, found, wanted)):
            raise TypeMismatchError(
                f"cond got operands of types {avals} and results of types {outs} for a program "
                f"from {branch.in_avals} to {branch.out_avals}."
            )
    return [a.strengthen() for a in outs]


def _cond_impl(index: Any, *operands: Any, branches: Branches) -> Sequence[Any]:
    branch = taken(index, branches)
    if jit_disabled.get():
        return evaluate(branch, *operands)
    return executable_of(branch).run(*operands)


# --- derivatives ---------------------------------------------------------------------------------
#
# Where the index is known, only the program that it chooses is differentiated, as a call.


def _cond_jvp(primals: Values, tangents: Values, *, branches: Branches) -> Any:
    index, *operands = primals
    dots = tangents[1:]
    if not isinstance(index, Tracer):
        return jit_jvp(operands, dots, jaxpr=taken(index, branches), name="branch")
    mask = tuple(t is not None for t in dots)
    program = remember(branches[0], ("cond jvp", branches, mask), lambda: pushed(branches, mask))
    given = [t for t in dots if t is not None]
    found = run_branches(program.programs, index, [*operands, *given])
    n = len(program.out_nonzero)
    rest = iter(found[n:])
    return found[:n], [next(rest) if on else None for on in program.out_nonzero]


def _cond_linearize(nonzero: Sequence[bool], index: Any, *operands: Any, branches: Branches) -> Any:
    mask = tuple(nonzero[1:])
    if not isinstance(index, Tracer):
        return _linearize_taken(mask, operands, taken(index, branches))
    split = remember(
        branches[0], ("cond linearize", branches, mask), lambda: linearized(branches, mask)
    )
    found = run_branches(split.primal, index, operands)
    outs = found[: len(split.out_nonzero)]
    if not any(split.out_nonzero):
        return outs, None
    residuals = [operands[k] if kind == "in" else found[k] for kind, k in split.residuals]

    def cond_pushforward(_: Any, *tangents: Any) -> list[Any]:
        given = [t for t in tangents if t is not None]
        dots = iter(run_branches(split.linear, index, [*residuals, *given]))
        return [next(dots) if on else None for on in split.out_nonzero]

    return outs, cond_pushforward


def _linearize_taken(mask: tuple[bool, ...], operands: Values, branch: Jaxpr) -> Any:
    outs, pushforward = jit_linearize(mask, *operands, jaxpr=branch, name="branch")
    if pushforward is None:
        return outs, None

    def branch_pushforward(_: Any, *tangents: Any) -> Any:
        return pushforward(*tangents)

    return outs, branch_pushforward


def _cond_transpose(cotangents: Values, index: Any, *operands: Any, branches: Branches) -> None:
    linear = tuple(isinstance(x, Accumulator) for x in operands)
    nonzero = tuple(ct is not None for ct in cotangents)
    targets = [x for x in operands if isinstance(x, Accumulator)]
    sums = [target.take() for target in targets]
    begun = tuple(ct is not None for ct in sums)
    back = remember(
        branches[0],
        ("cond transpose", branches, linear, nonzero, begun),
        lambda: transposed(branches, linear, nonzero, begun),
    )
    known = [x for x in operands if not isinstance(x, Accumulator)]
    given = [ct for ct in (*cotangents, *sums) if ct is not None]
    found = run_branches(back, index, [*known, *given])
    for target, ct in zip(targets, found, strict=True):
        target.add(ct)


# --- one more axis -------------------------------------------------------------------------------


def _cond_batch(size: int, args: Values, dims: Dims, *, branches: Branches) -> Any:
    index, *operands = args
    at, *inner = dims
    places = tuple(inner)
    if at is None:
        program = remember(
            branches[0],
            ("cond batch", branches, size, places),
            lambda: batched(branches, size, places),
        )
        outs = run_branches(program.programs, index, operands)
        return outs, [0 if on else None for on in program.batched]
    if acts_for_each(cond_p, {"branches": branches}):
        return one_by_one(cond_p, size, args, dims, {"branches": branches})
    each = remember(
        branches[0],
        ("cond of each", branches, size, places),
        lambda: chosen_by_each(branches, size, places),
    )
    outs = bind(jit_p, convert(index, _INDEX), *operands, jaxpr=each, name="cond")
    return outs, [0] * len(outs)


def chosen_by_each(branches: Branches, size: int, dims: tuple[int | None, ...]) -> Jaxpr:
    """The program where every example chooses for itself: all branches run, and are selected from.

    ``dims`` are those of the operands; the index and all results have examples first.
    """
    lead = tuple(None if d is None else 0 for d in dims)

    def choose(index: Any, *operands: Any) -> list[Any]:
        operands = tuple(
            x if d is None else batch_to_front(size, x, d)
            for x, d in zip(operands, dims, strict=True)
        )
        chosen: list[Any] = []
        for i, branch in enumerate(branches):
            took = _took(index, i, len(branches))
            outs = _run(branch, took, size, operands, lead)
            if i:
                pairs = zip(chosen, outs, strict=True)
                outs = [select_n(wide(took, y), x, y) for x, y in pairs]
            chosen = outs
        return chosen

    avals = examples_first(branches[0].in_avals, dims, size)
    return stage(choose, [Aval((size,), _INDEX), *avals])


def _took(index: Any, branch: int, count: int) -> Any:
    """Which examples take the branch: an index out of range means the first or the last."""
    if branch == 0:
        return le(index, 0)
    return ge(index, branch) if branch == count - 1 else eq(index, branch)


def _examples(branch: Jaxpr, size: int, operands: Sequence[Any], dims: Dims) -> list[Any]:
    outs, found = batch_flat(partial(evaluate, branch), size, operands, dims)
    return [batch_to_front(size, x, d) for x, d in zip(outs, found, strict=True)]


def _run(branch: Jaxpr, took: Any, size: int, operands: Values, dims: Dims) -> list[Any]:
    """What a branch gives the examples that take it, and anything for the others."""
    if concerns(cond_p, {"branches": (branch,)}, HERE):  # the others' values count, too
        return _examples(branch, size, operands, dims)
    if is_plain(branch):
        return _run_plainly(branch, took, size, operands, dims)
    return _run_if_any(branch, took, size, operands, dims)


def _run_plainly(
    branch: Jaxpr, took: Any, size: int, operands: Sequence[Any], dims: Dims
) -> list[Any]:
    """The branch on all examples. Of the others no derivative comes back, not even a NaN."""
    masked: list[Any] = []
    places: list[int | None] = []
    for x, d in zip(operands, dims, strict=True):
        differentiable = is_inexact(x.dtype)
        places.append(0 if differentiable else d)
        masked.append(guarded(batch_to_front(size, x, d), took) if differentiable else x)
    return _examples(branch, size, masked, places)


def _run_if_any(
    branch: Jaxpr, took: Any, size: int, operands: Sequence[Any], dims: Dims
) -> list[Any]:
    """The branch if any example takes it; those that do not do as the first one that does."""
    followed = [
        x if d is None else following(x, took, size) for x, d in zip(operands, dims, strict=True)
    ]
    avals = [aval_of(x) for x in followed]
    run = stage(lambda *args: _examples(branch, size, args, dims), avals)
    programs = alternatives([stage(lambda *args: list(map(zeros, run.out_avals)), avals), run])
    return run_branches(programs, convert(reduce_or(took, (0,)), _INDEX), followed)


def _cond_lower(avals: Sequence[Aval], out: Sequence[Aval], *, branches: Branches) -> kernel.Word:
    return kernel.Branch()


cond_p: Primitive = Primitive(
    "cond",
    _cond_abstract,
    _cond_impl,
    _cond_linearize,
    _cond_transpose,
    _cond_batch,
    _cond_lower,
    jvp=_cond_jvp,
    multiple=True,
)


# --- the functions -------------------------------------------------------------------------------


def cond(
    pred: Any, true_fun: Callable[..., Any], false_fun: Callable[..., Any], *operands: Any
) -> Any:
    """``true_fun(*operands) if pred else false_fun(*operands)``, where ``pred`` may be traced.

    Both functions are traced, one of them runs. Under :func:`vmap` with a condition that differs
    between examples both run, and every example gets what it would get alone.

    Parameters
    ----------
    pred: one boolean, or a number, which is true where it is not 0.
    true_fun, false_fun: functions of the operands that return the same structure of arrays of the
        same shapes and dtypes. Where one returns a Python number it takes the dtype of the
        other's result.
    operands: trees of arrays and numbers. What the functions close over works as well.

    Raises
    ------
    TypeMismatchError: a condition that is no scalar; results that differ in structure, shape or
        dtype.

    >>> import numpy as np
    >>> ft.jit(lambda x: ft.lax.cond(x.sum() > 1.0, np.sin, lambda x: 2.0 * x, x))(np.zeros(2))
    array([0., 0.])
    >>> ft.grad(lambda x: ft.lax.cond(x > 0, lambda: x**2, lambda: -x))(3.0)
    np.float64(6.0)
    """
    check_callable("cond", true_fun, false_fun)
    aval = _scalar(pred, "The condition of cond")
    if jit_disabled.get() and known(pred) is not None:
        return true_fun(*operands) if pred else false_fun(*operands)
    if isinstance(pred, Tracer):
        index = convert(pred if aval.dtype == bool else ne(pred, aval.dtype.type(0)), _INDEX)
    else:
        index = _INDEX.type(bool(pred))
    return _branch(index, [false_fun, true_fun], ["false_fun", "true_fun"], operands, "cond")


def switch(index: Any, branches: Sequence[Callable[..., Any]], *operands: Any) -> Any:
    """``branches[index](*operands)``, where ``index`` may be traced.

    An index out of range means the first function or the last one. All functions are traced, one
    of them runs; a single one is just called. Else as :func:`cond`.

    Parameters
    ----------
    index: one integer.
    branches: functions of the operands that return the same structure of arrays of the same
        shapes and dtypes.
    operands: trees of arrays and numbers.

    Raises
    ------
    DtypeError: an index that is no integer. OptionError: no functions.
    TypeMismatchError: an index that is no scalar; results that differ in structure, shape or dtype.

    >>> import numpy as np
    >>> [ft.lax.switch(i, [np.sin, np.cos, lambda x: 2.0 * x], 1.0) for i in (2, 7)]
    [np.float64(2.0), np.float64(2.0)]
    """
    functions = list(branches)
    check_callable("switch", *functions)
    if not functions:
        raise OptionError("switch got no functions.", "Give it at least one branch.")
    aval = _scalar(index, "The index of switch")
    if aval.dtype.kind not in "iu":
        raise DtypeError(
            f"The index of switch has the dtype {aval.dtype}, which is no integer.",
            "Choose between two functions with cond, or convert with .astype(int).",
        )
    if len(functions) == 1:
        return functions[0](*operands)
    last = len(functions) - 1
    if isinstance(index, Tracer):
        most = min(last, int(np.iinfo(aval.dtype).max))
        index = convert(max_(min_(index, aval.dtype.type(most)), aval.dtype.type(0)), _INDEX)
    else:
        index = _INDEX.type(min(max(int(index), 0), last))
    if jit_disabled.get() and known(index) is not None:
        return functions[int(index)](*operands)
    names = [f"branch {i}" for i in range(len(functions))]
    return _branch(index, functions, names, operands, "switch")


def _scalar(x: Any, what: str) -> Aval:
    """The type of what chooses."""
    found: Any = x
    if tree.structure(x).type is None:
        found = aval_of(x)
        if found.shape == ():
            return found  # type: ignore[no-any-return]
    raise TypeMismatchError(
        f"{what} is {found!s:.80}, which is no scalar.",
        "Choose by one number; use .any() or .all(), or np.where to choose for each element.",
    )


def _branch(
    index: Any,
    functions: Sequence[Callable[..., Any]],
    names: Sequence[str],
    operands: Values,
    what: str,
) -> Any:
    leaves, in_tree = tree.flatten(operands)
    avals = [aval_of(x) for x in leaves]
    structures: list[tree.PyTreeDef] = []

    def flat(function: Callable[..., Any], *values: Any) -> list[Any]:
        outs, structure = tree.flatten(function(*tree.unflatten(in_tree, values)))
        structures.append(structure)
        return outs

    programs = [stage(partial(flat, f), avals) for f in functions]
    for name, structure in zip(names, structures, strict=True):
        if structure != structures[0]:
            raise TypeMismatchError(
                f"{names[0]} of {what} returned {structures[0]}, {name} returned {structure}.",
                "Return the same containers with the same keys from all of them.",
            )
    types = []
    for leaf, found in enumerate(zip(*(p.out_avals for p in programs), strict=True)):
        common = common_type(found)
        if common is None:
            raise _different_types(what, names, structures[0], leaf, found)
        types.append(common)
    captured, branches = finished_together(programs, types)
    given = [operand(x, a) for x, a in zip(leaves, avals, strict=True)]
    outs = run_branches(Alternatives(branches, captured), index, given)
    return tree.unflatten(structures[0], outs)


def _different_types(
    what: str, names: Sequence[str], structure: tree.PyTreeDef, leaf: int, found: Sequence[Aval]
) -> FunctransError:
    """The error of results with different types; names the leaf and two branches."""
    whole = tree.unflatten(structure, range(structure.num_leaves))
    path = tree.keystr(tree.leaves_with_path(whole)[leaf][0])
    other = next(i for i, a in enumerate(found) if common_type([found[0], a]) is None)
    return TypeMismatchError(
        f"The result{path} of {what} is {found[0]} from {names[0]} and {found[other]} from "
        f"{names[other]}; all must return the same type.",
        "Return the same shapes; convert with .astype(dtype) where dtypes differ.",
    )
