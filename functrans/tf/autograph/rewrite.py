"""Control flow becomes calls of operators on nested functions; calls convert what they call.

``ag__`` stands for the module of the operators. Trees that come in are changed.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, TypeVar

from functrans.tf.autograph.jumps import Block, Stops, parsed, without_jumps
from functrans.tf.autograph.liveness import (
    SCOPES,
    Liveness,
    Names,
    bound,
    captured,
    nodes,
    read,
    stored_places,
)

N = TypeVar("N", bound=ast.AST)

PREFIX = "ag__"
"""What the names of generated functions and variables begin with."""
LATER = f"{PREFIX}later"
"""The parameter by which generated lambdas are known."""

_OF_THE_FRAME = frozenset("super locals globals vars dir eval exec".split())
"""Builtins that look at the function that calls them."""
_OPERATORS: dict[type[ast.cmpop], str] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.In: "in",
    ast.NotIn: "not in",
}
_WAITS = (ast.Yield, ast.YieldFrom, ast.Await, ast.AsyncFor, ast.AsyncWith, ast.TryStar)


def rewritten(node: ast.FunctionDef | ast.Lambda) -> None:
    """Put operators in the place of a function's control flow."""
    if isinstance(node, ast.Lambda):
        node.body = _Rewriter(node).visit(node.body)
    else:
        _rewrite(node)


def is_convertible(node: ast.AST) -> bool:
    """Whether a function runs from its start to its end: it is no generator and no coroutine."""
    if isinstance(node, ast.Lambda):
        return not any(isinstance(n, _WAITS) for n in nodes([node.body]))
    return isinstance(node, ast.FunctionDef) and not any(
        isinstance(n, _WAITS) for n in nodes(node.body)
    )


def _rewrite(node: ast.FunctionDef) -> None:
    taken = _Declarations()
    node.body = taken.block(node.body)
    outside = frozenset(name for d in taken.found for name in d.names)
    stops = without_jumps(node)
    own = bound(node.body) - outside
    live = Liveness(captured(node) | outside, stops)
    live.before(node.body, frozenset())
    globals_ = frozenset(n for d in taken.found if isinstance(d, ast.Global) for n in d.names)
    rewriter = _Rewriter(node, stops, live, globals_)
    body = rewriter.block(node.body)
    if own:  # names that only nested functions bind now are this function's all the same
        body = [*parsed(f"if 0: {' = '.join(sorted(own))} = 0", node.body[0]), *body]
    node.body = [*taken.found, *body]


class _Declarations(ast.NodeTransformer):
    """Takes out the global and nonlocal statements of a function, and annotations of its names.

    Both would stand in the wrong function when their block becomes one.
    """

    def __init__(self) -> None:
        self.found: list[ast.Global | ast.Nonlocal] = []

    def block(self, statements: Block) -> Block:
        kept = [found for s in statements if (found := self.visit(s)) is not None]
        return kept or [ast.copy_location(ast.Pass(), statements[0])]

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        if isinstance(node, ast.stmt) and getattr(node, "body", None) == []:
            node.body = [ast.copy_location(ast.Pass(), node)]  # type: ignore[attr-defined]  # it has one
        return node

    def visit_Global(self, node: ast.Global) -> None:
        self.found.append(node)

    def visit_Nonlocal(self, node: ast.Nonlocal) -> None:
        self.found.append(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.stmt:
        if node.value is None:
            return ast.copy_location(ast.Pass(), node)
        return ast.copy_location(ast.Assign([node.target], node.value), node)

    def visit(self, node: ast.AST) -> Any:
        return node if isinstance(node, SCOPES) else super().visit(node)


@dataclass
class _Rewriter(ast.NodeTransformer):
    """Rewrites what runs with one function."""

    function: ast.FunctionDef | ast.Lambda
    stops: Stops = field(default_factory=dict)
    live: Liveness = field(default_factory=lambda: Liveness(frozenset()))
    globals: Names = frozenset()
    numbers: count[int] = field(default_factory=lambda: count(1))

    def block(self, statements: Iterable[ast.stmt]) -> Block:
        done: Block = []
        for s in statements:
            found = self.visit(s)
            done += found if isinstance(found, list) else [found]
        return done

    # --- statements

    def visit_If(self, s: ast.If) -> Block:
        after = self.live.after[s]
        number = next(self.numbers)
        test = self.visit(s.test)
        names = bound([*s.body, *s.orelse])
        places = self._places([*s.body, *s.orelse], names)
        made = self._nested(f"body_{number}", s.body, s)
        other = "None"
        if s.orelse:
            made += self._nested(f"other_{number}", s.orelse, s)
            other = f"{PREFIX}other_{number}"
        call = parsed(
            f"ag__.if_(0, {PREFIX}body_{number}, {other}, {_texts(names)}, "
            f"{_texts(names & after)}, {places})",
            s,
        )
        _call(call).args[0] = test
        return [*made, *call]

    def visit_While(self, s: ast.While) -> Block:
        number = next(self.numbers)
        options = _taken_options(s)
        names = bound([s.test, *s.body])
        carried = names & self.live.head[s]
        places = self._places(s.body, names)
        test = ast.copy_location(ast.Return(s.test), s.test)
        call = parsed(
            f"ag__.while_({PREFIX}test_{number}, {PREFIX}body_{number}, {_texts(names)}, "
            f"{_texts(carried)}, {places}, None)",
            s,
        )
        _call(call).args[-1] = options or ast.copy_location(ast.Constant(None), s)
        return [
            *self._nested(f"test_{number}", [test], s),
            *self._nested(f"body_{number}", s.body, s),
            *call,
        ]

    def visit_For(self, s: ast.For) -> Block:
        number = next(self.numbers)
        options = _taken_options(s)
        names = bound([s.target, *s.body])
        carried = names & self.live.head[s]
        places = self._places([s.target, *s.body], names)
        stops = self.stops.get(s)
        item = f"{PREFIX}item_{number}"
        assign = parsed(f"{item} = {item}", s.target)[0]
        assign.targets = [s.target]
        made = self._nested(f"body_{number}", [assign, *s.body], s, item)
        more = "None"
        if stops:
            more = f"{PREFIX}more_{number}"
            going = parsed(f"def f(): return not ({' or '.join(stops)})", s)[0]
            made += self._nested(f"more_{number}", going.body, s)
        call = parsed(
            f"ag__.for_(0, {more}, {PREFIX}body_{number}, {_texts(names)}, "
            f"{_texts(carried)}, {places}, {_texts(_target(s))}, None)",
            s,
        )
        _call(call).args[0] = self._iterated(s.iter)
        _call(call).args[-1] = options or ast.copy_location(ast.Constant(None), s)
        return [*made, *call]

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        if is_convertible(node):
            _rewrite(node)
        return node

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.stmt:
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.stmt:
        return node

    def generic_visit(self, node: ast.AST) -> ast.AST:
        # Statements that stay may hold statements that become several.
        for name, old in ast.iter_fields(node):
            if isinstance(old, list) and old and isinstance(old[0], ast.stmt):
                setattr(node, name, self.block(old))
            elif isinstance(old, list):
                setattr(node, name, [self.visit(x) if isinstance(x, ast.AST) else x for x in old])
            elif isinstance(old, ast.AST):
                setattr(node, name, self.visit(old))
        return node

    def _nested(self, name: str, body: Sequence[ast.stmt], where: ast.AST, item: str = "") -> Block:
        """A function of no arguments, or of ``item``, that runs statements in the same names."""
        names = bound(body)
        inner = self.block(body)
        made = parsed(f"def {PREFIX}{name}({item}): pass", where)[0]
        assert isinstance(made, ast.FunctionDef)
        local, shared = sorted(names - self.globals), sorted(names & self.globals)
        declared = []
        if local:
            declared += parsed(f"nonlocal {', '.join(local)}", where)
        if shared:
            declared += parsed(f"global {', '.join(shared)}", where)
        made.body = [*declared, *inner]
        return [made]

    def _places(self, statements: Sequence[ast.AST], names: Names) -> str:
        """The attributes and items that statements store to, as operators of them."""
        found = []
        for node in stored_places(statements):
            if read([node]) & names:  # of an object that is made there
                continue
            owner, text = ast.unparse(node.value), ast.unparse(node)
            if isinstance(node, ast.Attribute):
                key, kind = repr(node.attr), "Attribute"
            else:
                key, kind = ast.unparse(node.slice), "Item"
            found.append(f"ag__.{kind}({text!r}, lambda: {owner}, lambda: {key})")
        return f"({', '.join(found)}{',' if found else ''})"

    def _iterated(self, node: ast.expr) -> ast.expr:
        """What a for loop runs over. A range over traced bounds need not become an array."""
        found: ast.expr = self.visit(node)
        if isinstance(found, ast.Call) and _is_converted(found.func):
            found.func.func.attr = "iterated"  # type: ignore[attr-defined]  # as was seen
        return found

    # --- expressions

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.expr:
        if _binds(node):
            return self._inside(node)
        word = "and_" if isinstance(node.op, ast.And) else "or_"
        return self._operator(word, node, [_later(self.visit(v)) for v in node.values])

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        if not isinstance(node.op, ast.Not):
            return self._inside(node)
        return self._operator("not_", node, [self.visit(node.operand)])

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        if _binds(node):
            return self._inside(node)
        text = ast.copy_location(ast.Constant(ast.unparse(node.test)), node)
        values = [_later(self.visit(v)) for v in (node.body, node.orelse)]
        return self._operator("if_expression", node, [self.visit(node.test), *values, text])

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        if len(node.ops) == 1 or _binds(node):
            return self._inside(node)
        args = [self.visit(node.left)]
        for op, right in zip(node.ops, node.comparators, strict=True):
            args += [ast.Constant(_OPERATORS[type(op)]), _later(self.visit(right))]
        return self._operator("chain", node, args)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name == "super" and not node.args and isinstance(self.function, ast.FunctionDef):
            positional = [*self.function.args.posonlyargs, *self.function.args.args]
            if positional:  # the form that nested functions can say
                node.args = [_named("__class__", node), _named(positional[0].arg, node)]
            return node
        called = self._inside(node)
        if name not in _OF_THE_FRAME:
            called.func = self._operator("converted", node.func, [called.func])
        return called

    def visit_Lambda(self, node: ast.Lambda) -> ast.expr:
        if not is_convertible(node):
            return node
        node.body = _Rewriter(node).visit(node.body)
        return node

    def _inside(self, node: N) -> N:
        ast.NodeTransformer.generic_visit(self, node)
        return node

    def _operator(self, word: str, where: ast.expr, args: Sequence[ast.expr]) -> ast.Call:
        made = _expression(f"ag__.{word}()", where)
        assert isinstance(made, ast.Call)
        made.args = [a if hasattr(a, "lineno") else ast.copy_location(a, where) for a in args]
        return made


def _expression(text: str, where: ast.AST) -> ast.expr:
    expression: ast.expr = parsed(text, where)[0].value
    return expression


def _call(statements: list[Any]) -> ast.Call:
    call: ast.Call = statements[0].value
    return call


def _later(value: ast.expr) -> ast.expr:
    """A function that gives the expression's value."""
    made = _expression(f"lambda *{LATER}: 0", value)
    assert isinstance(made, ast.Lambda)
    made.body = value
    return made


def _named(name: str, where: ast.AST) -> ast.expr:
    return ast.copy_location(ast.Name(name, ast.Load()), where)


def _texts(names: Iterable[str]) -> str:
    """The source of a tuple of strings."""
    return str(tuple(sorted(names)))


def _binds(node: ast.expr) -> bool:
    """Whether the expression assigns names, which it could not do in a function of its own."""
    return any(isinstance(n, ast.NamedExpr) for n in ast.walk(node))


def _target(s: ast.For) -> list[str]:
    return [s.target.id] if isinstance(s.target, ast.Name) else []


def _is_converted(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and (node.func.value.id, node.func.attr) == ("ag__", "converted")
    )


def _taken_options(s: ast.While | ast.For) -> ast.expr | None:
    """The loop's options, as ``dict(…)``; their statement is taken out of the body."""
    for place, inner in enumerate(s.body):
        call = inner.value if isinstance(inner, ast.Expr) else None
        if isinstance(call, ast.Call) and ast.unparse(call.func).endswith("set_loop_options"):
            s.body[place] = ast.copy_location(ast.Pass(), inner)
            call.func = _expression("ag__.loop_options", call)
            return call
    return None
