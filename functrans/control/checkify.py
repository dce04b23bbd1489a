"""checkify: a program that returns what went wrong first beside its results."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from functrans import kernel, tree
from functrans.control.bodies import closed
from functrans.control.branch_programs import alternatives
from functrans.control.branches import cond_p
from functrans.control.call import jit_p
from functrans.control.checkpoint import checkpoint_p
from functrans.control.checks import Error, Message, Site, check_p
from functrans.control.loop_programs import Values, parts
from functrans.control.loops import scan_p
from functrans.control.while_rules import while_p
from functrans.core.avals import Aval, aval_of, is_inexact
from functrans.core.jaxpr import (
    Eqn,
    Jaxpr,
    Var,
    evaluate,
    inner_programs,
    is_effectful,
    last_uses,
    remember,
)
from functrans.core.primitive import Primitive
from functrans.core.trace import Tracer, bind
from functrans.errors import ArgumentError, Source, current_line
from functrans.primitives import elementwise as ew
from functrans.primitives import layout, marks
from functrans.primitives import linear as ln
from functrans.primitives.indexing import gather, gather_p, scatter_p
from functrans.primitives.reductions import argmax, reduce_or
from functrans.transforms.stage import named, own, stage, stage_tree

Errors = frozenset[str]

user_checks: Errors = frozenset({"user"})
nan_checks: Errors = frozenset({"nan"})
index_checks: Errors = frozenset({"index"})
div_checks: Errors = frozenset({"div"})
float_checks: Errors = nan_checks | div_checks
automatic_checks: Errors = float_checks | index_checks
all_checks: Errors = automatic_checks | user_checks

_MOVERS: frozenset[Primitive] = frozenset(
    {
        layout.broadcast_in_dim_p, layout.reshape_p, layout.transpose_p, layout.rev_p,
        layout.slice_p, layout.concatenate_p, ln.pad_p, ln.convert_p, ln.select_n_p, ln.neg_p,
        ln.real_p, ln.imag_p, ln.conj_p, ln.complex_p, marks.stop_gradient_p, ew.abs_p, ew.sign_p,
        ew.max_p, ew.min_p, gather_p,
    }
)  # fmt: skip
"""Operations that have a NaN only where they are given one."""

_INDEXING = frozenset({gather_p, scatter_p})
_DIVISIONS = frozenset({ln.div_p, ew.floor_div_p, ew.mod_p})
_NO_VALUES = tree.structure(((), {}))
_ONE_VALUE = tree.structure(((0,), {}))

_NOTHING = np.int64(0)

# --- the error so far ----------------------------------------------------------------------------


@dataclass(slots=True)
class _Found:
    """The sites met in a program, the number of the first that failed, and their values."""

    sites: list[Site] = field(default_factory=list)
    code: Any = _NOTHING
    kept: list[tuple[Any, ...]] = field(default_factory=list)

    def add(self, failed: Any, site: Site, payload: Sequence[Any] = ()) -> None:
        self.merge([site], ln.convert(failed, np.int64), [tuple(payload)])

    def merge(self, sites: Sequence[Site], code: Any, kept: Sequence[tuple[Any, ...]]) -> None:
        """What an inner program found, whose sites come after those that are there."""
        self.code = _first(self.code, _moved(code, len(self.sites)))
        self.sites += sites
        self.kept += kept


def _first(before: Any, after: Any) -> Any:
    """The earlier of two codes that is not 0."""
    if not isinstance(before, Tracer) and np.ndim(before) == 0 and before == 0:
        return after
    return ln.select_n(ew.ne(before, _NOTHING), after, before)


def _moved(code: Any, count: int) -> Any:
    """A code for sites that come after ``count`` others."""
    if not count:
        return code
    return ln.select_n(ew.ne(code, _NOTHING), _NOTHING, ln.add(code, np.int64(count)))


def _any(condition: Any) -> Any:
    return reduce_or(condition, tuple(range(aval_of(condition).ndim)))


# --- programs ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Checked:
    """A program that returns ``results`` results, a code, and the values of all sites."""

    jaxpr: Jaxpr
    results: int
    sites: tuple[Site, ...]
    counts: tuple[int, ...]

    @property
    def extra(self) -> list[Aval]:
        """The types of the code and the values."""
        return [a.strengthen() for a in self.jaxpr.out_avals[self.results :]]

    def split(self, found: Values) -> tuple[Any, list[tuple[Any, ...]]]:
        """The code and the values of each site, from all that is no result."""
        rest = iter(found[1:])
        return found[0], [tuple(next(rest) for _ in range(n)) for n in self.counts]


def checked(jaxpr: Jaxpr, errors: Errors) -> Checked:
    """The program with checks of these kinds; remembered."""
    result: Checked = remember(jaxpr, ("checkify", errors), lambda: _checked(jaxpr, errors))
    return result


def _checked(jaxpr: Jaxpr, errors: Errors) -> Checked:
    found = _Found()

    def run(*args: Any) -> list[Any]:
        outs = evaluate_checked(jaxpr, errors, args, found)
        return [*outs, found.code, *(x for values in found.kept for x in values)]

    program = stage(run, jaxpr.in_avals)
    counts = tuple(map(len, found.kept))
    return Checked(program, len(jaxpr.outvars), tuple(found.sites), counts)


def evaluate_checked(jaxpr: Jaxpr, errors: Errors, args: Values, found: _Found) -> list[Any]:
    """The results of a program; what is checked on the way goes into ``found``."""
    env: dict[Any, Any] = dict(zip(jaxpr.constvars, jaxpr.consts, strict=True))
    env.update(zip(jaxpr.invars, args, strict=True))

    def read(atom: Any) -> Any:
        return env[atom] if isinstance(atom, Var) else atom.value

    token = current_line.set(None)
    try:
        for eqn, dying in zip(jaxpr.eqns, last_uses(jaxpr), strict=True):
            current_line.set(eqn.source)
            outs = _equation(eqn, errors, [read(a) for a in eqn.invars], found)
            env.update(zip(eqn.outvars, outs, strict=True))
            for var in dying:
                env.pop(var, None)
    finally:
        current_line.reset(token)
    return [read(atom) for atom in jaxpr.outvars]


def _equation(eqn: Eqn, errors: Errors, args: list[Any], found: _Found) -> list[Any]:
    rule = _RULES.get(eqn.primitive)
    if rule is not None:
        return rule(eqn, errors, args, found)
    if any(True for _ in inner_programs(eqn)):
        return _with_rules_of_its_own(eqn, errors, args, found)
    params = eqn.params
    if eqn.primitive in _DIVISIONS and "div" in errors:
        _check_divisor(args[1], eqn.source, found)
    if eqn.primitive in _INDEXING and params["mode"] == "raise" and "index" in errors:
        params = _check_indices(eqn, args, found)
    outs = _bound(eqn.primitive, args, params)
    if "nan" in errors and eqn.primitive not in _MOVERS:
        _check_nan(eqn, outs, found)
    return outs


def _bound(primitive: Primitive, args: Values, params: dict[str, Any]) -> list[Any]:
    out = bind(primitive, *args, **params)
    return list(out) if primitive.multiple else [out]


# --- checks that are put in ----------------------------------------------------------------------


def _check_nan(eqn: Eqn, outs: Values, found: _Found) -> None:
    for x in outs:
        if is_inexact(aval_of(x).dtype):
            text = f"nan generated by primitive: {eqn.primitive}."
            found.add(_any(ew.ne(x, x)), Message(text, _NO_VALUES, eqn.source))


def _check_divisor(y: Any, line: Source | None, found: _Found) -> None:
    zero = aval_of(y).dtype.type(0)
    if isinstance(y, Tracer) or np.any(y == zero):
        found.add(_any(ew.eq(y, zero)), Message("division by zero", _NO_VALUES, line))


def _check_indices(eqn: Eqn, args: Values, found: _Found) -> dict[str, Any]:
    """Look at every index array of a gather or scatter, which then goes on where it would raise."""
    reading = eqn.primitive is gather_p
    shape = aval_of(args[0]).shape
    for axis, i in zip(eqn.params["axes"], args[1 if reading else 2 :], strict=True):
        size = shape[axis]
        limits = np.int64(-size), np.int64(size)
        index = ln.convert(i, np.int64)
        bad = ew.or_(ew.lt(index, limits[0]), ew.ge(index, limits[1]))
        if not aval_of(i).size or not (isinstance(bad, Tracer) or np.any(bad)):
            continue
        text = (
            f"out-of-bounds indexing for array of shape {shape}: index {{}} is out of bounds for "
            f"axis {axis} with size {size}."
        )
        found.add(_any(bad), Message(text, _ONE_VALUE, eqn.source), [_first_of(index, bad)])
    return {**eqn.params, "mode": "clip" if reading else "drop"}


def _first_of(values: Any, chosen: Any) -> Any:
    """The first chosen one of the values."""
    aval = aval_of(values)
    if not aval.shape:
        return values
    flat, flags = (layout.reshape(x, (aval.size,)) for x in (values, chosen))
    return gather(flat, (argmax(ln.convert(flags, np.int64), 0),), (0,), "clip")


# --- operations that hold programs ---------------------------------------------------------------


def _check(eqn: Eqn, errors: Errors, args: list[Any], found: _Found) -> list[Any]:
    if "user" in errors:
        found.add(args[0], eqn.params["site"], args[1:])
    return []


def _call(eqn: Eqn, errors: Errors, args: list[Any], found: _Found) -> list[Any]:
    inner = checked(eqn.params["jaxpr"], errors)
    outs = bind(eqn.primitive, *args, **{**eqn.params, "jaxpr": inner.jaxpr})
    return _taken(inner, outs, found)


def _checkpoint(eqn: Eqn, errors: Errors, args: list[Any], found: _Found) -> list[Any]:
    inner = checked(eqn.params["jaxpr"], errors)
    body = closed(inner.jaxpr)
    outs = bind(eqn.primitive, *body.captured, *args, **{**eqn.params, "jaxpr": body.jaxpr})
    return _taken(inner, outs, found)


def _taken(inner: Checked, outs: Values, found: _Found) -> list[Any]:
    """The results; all else goes into ``found``."""
    found.merge(inner.sites, *inner.split(outs[inner.results :]))
    return list(outs[: inner.results])


def _with_rules_of_its_own(eqn: Eqn, errors: Errors, args: list[Any], found: _Found) -> list[Any]:
    """The operation as it is, without checks inside, which keeps its rules; the program of a call
    runs beside it for the checks. Compiled, it is the same program."""
    outs = _bound(eqn.primitive, args, {k: _without_checks(v) for k, v in eqn.params.items()})
    if _is_call(eqn):
        inner = checked(eqn.params["jaxpr"], errors)
        if inner.sites:
            constants = [marks.stop_gradient(x) for x in args]
            _taken(inner, evaluate(inner.jaxpr, *constants), found)
    if "nan" in errors:
        _check_nan(eqn, outs, found)
    return outs


def _is_call(eqn: Eqn) -> bool:
    if "jaxpr" not in eqn.params:  # what is lowered to a program of the compiler's own
        return False
    avals, outs = [a.aval for a in eqn.invars], [v.aval for v in eqn.outvars]
    return isinstance(eqn.primitive.lower(avals, outs, **eqn.params), kernel.Call)


def _without_checks(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(_without_checks, value))
    if not (isinstance(value, Jaxpr) and is_effectful(value)):
        return value

    def make() -> Jaxpr:
        silent = checked(value, frozenset())
        return silent.jaxpr.replace(outvars=silent.jaxpr.outvars[: silent.results])

    return remember(value, "without checks", make)


def _cond(eqn: Eqn, errors: Errors, args: list[Any], found: _Found) -> list[Any]:
    inners = [checked(branch, errors) for branch in eqn.params["branches"]]
    counts = [len(inner.sites) for inner in inners]

    def branch(number: int) -> Jaxpr:
        inner = inners[number]
        results = inner.results

        def run(*operands: Any) -> list[Any]:
            outs = evaluate(inner.jaxpr, *operands)
            code = _moved(outs[results], sum(counts[:number]))
            values: list[Any] = []
            for k, other in enumerate(inners):
                values += outs[results + 1 :] if k == number else map(layout.zeros, other.extra[1:])
            return [*outs[:results], code, *values]

        return stage(run, inner.jaxpr.in_avals)

    programs = alternatives([branch(k) for k in range(len(inners))])
    params = {**eqn.params, "branches": programs.branches}
    outs = bind(cond_p, args[0], *programs.captured, *args[1:], **params)
    whole = Checked(
        inners[0].jaxpr,
        inners[0].results,
        tuple(site for inner in inners for site in inner.sites),
        tuple(n for inner in inners for n in inner.counts),
    )
    return _taken(whole, outs, found)


def _kept_from_first(before: Values, after: Values) -> list[Any]:
    """Code and values after an iteration: those of the first one that failed."""
    failed = ew.ne(before[0], _NOTHING)

    def choose(old: Any, new: Any) -> Any:
        shape = aval_of(new).shape
        wide = layout.broadcast_in_dim(failed, shape, ()) if shape else failed
        return ln.select_n(wide, new, old)

    return [choose(old, new) for old, new in zip(before, after, strict=True)]


def _scan(eqn: Eqn, errors: Errors, args: list[Any], found: _Found) -> list[Any]:
    inner = checked(eqn.params["jaxpr"], errors)
    constants, carries = eqn.params["constants"], eqn.params["carries"]
    fixed, carried, rows = parts(inner.jaxpr.in_avals, constants, carries)
    extra = inner.extra
    count = len(extra)

    def step(*xs: Any) -> list[Any]:
        fixed, state, rows = parts(xs, constants, carries + count)
        outs = evaluate(inner.jaxpr, *fixed, *state[:carries], *rows)
        errors = _kept_from_first(state[carries:], outs[inner.results :])
        return [*outs[:carries], *errors, *outs[carries : inner.results]]

    body = remember(
        inner.jaxpr,
        ("checkify scan", constants, carries),
        lambda: closed(stage(step, [*fixed, *carried, *extra, *rows])),
    )
    of_body, state, of_rows = parts(args, constants, carries)
    params = {
        **eqn.params,
        "jaxpr": body.jaxpr,
        "constants": len(body.captured) + constants,
        "carries": carries + count,
    }
    outs = bind(
        scan_p, *body.captured, *of_body, *state, *map(layout.zeros, extra), *of_rows, **params
    )
    found.merge(inner.sites, *inner.split(outs[carries : carries + count]))
    return [*outs[:carries], *outs[carries + count :]]


def _while(eqn: Eqn, errors: Errors, args: list[Any], found: _Found) -> list[Any]:
    """The loop carries whether it goes on, since asking may fail too, and what failed first."""
    asking = checked(eqn.params["cond_jaxpr"], errors)
    stepping = checked(eqn.params["body_jaxpr"], errors)
    n, m = eqn.params["cond_constants"], eqn.params["body_constants"]
    of_cond, of_body, carries = parts(args, n, m)
    count = len(carries)
    extra = [*stepping.extra, *asking.extra[1:]]
    sites = (*stepping.sites, *asking.sites)

    def step(*xs: Any) -> list[Any]:
        known, inner, (_, *state) = parts(xs, n, m)
        outs = evaluate(stepping.jaxpr, *inner, *state[:count])
        new, here = outs[:count], outs[count:]
        going, code, *values = evaluate(asking.jaxpr, *known, *new)
        code = _first(here[0], _moved(code, len(stepping.sites)))
        return [going, *new, *_kept_from_first(state[count:], [code, *here[1:], *values])]

    def make() -> tuple[Any, Any]:
        cond_avals, body_avals = asking.jaxpr.in_avals, stepping.jaxpr.in_avals
        flag = Aval((), np.dtype(bool))
        state = [flag, *body_avals[m:], *extra]
        body = closed(stage(step, [*cond_avals[:n], *body_avals[:m], *state]))
        return closed(stage(lambda going, *_: [going], state)), body

    cond, body = remember(stepping.jaxpr, ("checkify while", asking.jaxpr, n, m), make)
    going, code, *values = evaluate(asking.jaxpr, *of_cond, *carries)
    zeros = [*map(layout.zeros, stepping.extra[1:])]
    params = {
        **eqn.params,
        "cond_jaxpr": cond.jaxpr,
        "body_jaxpr": body.jaxpr,
        "cond_constants": 0,
        "body_constants": len(body.captured) + n + m,
    }
    start = [_moved(code, len(stepping.sites)), *zeros, *values]
    _, *outs = bind(while_p, *body.captured, *of_cond, *of_body, going, *carries, *start, **params)
    whole = Checked(stepping.jaxpr, count, sites, (*stepping.counts, *asking.counts))
    return _taken(whole, outs, found)


_RULES: dict[Primitive, Callable[[Eqn, Errors, list[Any], _Found], list[Any]]] = {
    check_p: _check,
    jit_p: _call,
    checkpoint_p: _checkpoint,
    cond_p: _cond,
    scan_p: _scan,
    while_p: _while,
}


# --- the transform -------------------------------------------------------------------------------


def checkify(
    f: Callable[..., Any], errors: Errors = user_checks
) -> Callable[..., tuple[Error, Any]]:
    """``f`` as a function that returns what went wrong first, and its result.

    The :class:`Error` is a value like others: nothing is raised, so it goes through :func:`jit`,
    :func:`vmap`, loops and branches, natively, and is looked at when it is there. After a failure
    the program goes on, with values that mean nothing.

    Parameters
    ----------
    f: a function of trees of arrays. It is run on types only, as by :func:`jit`.
    errors: what to look for, joined by ``|``: ``user_checks`` the calls of :func:`check`,
        ``nan_checks`` operations that give a NaN, ``index_checks`` indices out of bounds that
        would raise an IndexError (those with another ``mode`` are as they are meant),
        ``div_checks`` divisors that are zero; ``float_checks`` NaN and division,
        ``automatic_checks`` all but those of the user, ``all_checks``.

    Under ``checkify(vmap(f))`` a while_loop without checks of the user runs until all examples are
    done, and operations of those that are done are looked at too: ``vmap(checkify(f))`` looks at
    each example while it runs.

    >>> from functrans.experimental import checkify
    >>> def root(x):
    ...     checkify.check(x < 100.0, "{} is too large", x)
    ...     return ft.numpy.sqrt(x)
    >>> f = ft.jit(checkify.checkify(root, checkify.user_checks | checkify.nan_checks))
    >>> for x in (4.0, -4.0, 400.0):
    ...     error, y = f(x)
    ...     print(y, (error.get() or "nothing").splitlines()[0])
    2.0 nothing
    nan nan generated by primitive: sqrt.
    20.0 400.0 is too large (`check` failed)
    """
    errors = frozenset(errors)
    if not errors <= all_checks:
        raise ArgumentError(
            f"checkify cannot look for {sorted(errors - all_checks)}.",
            "Join user_checks, nan_checks, index_checks and div_checks with |.",
        )

    def wrapped(*args: Any, **kwargs: Any) -> tuple[Error, Any]:
        jaxpr, _, out_tree = stage_tree(f, args, kwargs)
        leaves = tree.leaves((args, kwargs))
        found = _Found()
        outs = evaluate_checked(jaxpr, errors, leaves, found)
        error = Error(found.code, tuple(found.kept), tuple(found.sites))
        return error, tree.unflatten(out_tree, own(outs, leaves))

    return named(wrapped, f, "checkify", "What went wrong first in {}, and its result.")
