"""Which names and places statements bind, and which are read after them."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

Scope = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef
Names = frozenset[str]
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def nodes(roots: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """The nodes that run with ``roots``: of nested functions only defaults and decorators."""
    for root in roots:
        yield root
        if isinstance(root, ast.FunctionDef | ast.AsyncFunctionDef):
            defaults = [d for d in (*root.args.defaults, *root.args.kw_defaults) if d is not None]
            yield from nodes([*root.decorator_list, *defaults])
        elif isinstance(root, ast.Lambda):
            yield from nodes(d for d in (*root.args.defaults, *root.args.kw_defaults) if d)
        elif isinstance(root, ast.ClassDef):
            yield from nodes([*root.decorator_list, *root.bases, *(k.value for k in root.keywords)])
        else:
            yield from nodes(ast.iter_child_nodes(root))


def bound(statements: Iterable[ast.AST]) -> Names:
    """The names that statements bind in the scope that they are in."""
    found: set[str] = set()
    inner: set[int] = set()  # targets of comprehensions, which are scopes of their own
    for node in nodes(statements):
        if isinstance(node, _COMPREHENSIONS):
            inner |= {id(n) for g in node.generators for n in ast.walk(g.target)}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
            if id(node) not in inner:
                found.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found |= {a.asname or a.name.partition(".")[0] for a in node.names}
        elif isinstance(node, ast.ExceptHandler | ast.MatchStar | ast.MatchAs) and node.name:
            found.add(node.name)
        elif isinstance(node, ast.MatchMapping) and node.rest:
            found.add(node.rest)
    return frozenset(found)


def read(roots: Iterable[ast.AST]) -> Names:
    """The names that nodes read, and those that functions nested in them may read."""
    return frozenset(
        node.id
        for root in roots
        for node in ast.walk(root)
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Store)
    ) | frozenset(
        node.target.id
        for root in roots
        for node in ast.walk(root)
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name)
    )


def captured(function: Scope) -> Names:
    """The names that functions nested in this one read: at a time that nobody knows."""
    body = function.body if isinstance(function.body, list) else [function.body]
    inner = [n for n in nodes(body) if isinstance(n, SCOPES)]
    return read(inner)


def declared(function: ast.FunctionDef) -> Names:
    """The names that a function declares global or nonlocal."""
    found = [n for n in nodes(function.body) if isinstance(n, ast.Global | ast.Nonlocal)]
    return frozenset(name for node in found for name in node.names)


def stored_places(statements: Iterable[ast.AST]) -> list[ast.Attribute | ast.Subscript]:
    """The attributes and items of names that statements store to: ``self.v``, ``d["k"]``."""
    found: dict[str, ast.Attribute | ast.Subscript] = {}
    for node in nodes(statements):
        if not isinstance(node, ast.Attribute | ast.Subscript):
            continue
        if isinstance(node.ctx, ast.Store) and _is_place(node):
            found.setdefault(ast.unparse(node), node)
    return [found[text] for text in sorted(found)]


def _is_place(node: ast.expr) -> bool:
    """Whether reading the expression again is free of effects and gives the same thing."""
    if isinstance(node, ast.Attribute):
        return _is_place(node.value)
    if isinstance(node, ast.Subscript):
        key = node.slice
        return _is_place(node.value) and (isinstance(key, ast.Constant) or _is_place(key))
    return isinstance(node, ast.Name)


# --- what is read later --------------------------------------------------------------------------


@dataclass
class Liveness:
    """What is read after each branch, and at the head of each loop.

    ``always``: names that count as read at every point. ``stops``: names that a for loop reads
    before each iteration. The marks are by statement.
    """

    always: Names
    stops: Mapping[ast.For, Iterable[str]] = field(default_factory=dict)
    after: dict[ast.stmt, Names] = field(default_factory=dict)
    head: dict[ast.stmt, Names] = field(default_factory=dict)

    def before(self, statements: Sequence[ast.stmt], out: Names) -> Names:
        """What is read from the first statement on, if ``out`` is read after the last one."""
        for statement in reversed(statements):
            out = self._before(statement, out | self.always)
        return out | self.always

    def _before(self, s: ast.stmt, out: Names) -> Names:
        if isinstance(s, ast.If):
            self.after[s] = out
            return read([s.test]) | self.before(s.body, out) | self.before(s.orelse, out)
        if isinstance(s, ast.While):
            return self._loop(s, read([s.test]), frozenset(), out)
        if isinstance(s, ast.For):
            bound_there = bound([s.target])
            stops = frozenset(self.stops.get(s, ()))
            return read([s.iter, s.target]) | self._loop(s, stops, bound_there, out)
        if isinstance(s, ast.With):
            given = bound([i.optional_vars for i in s.items if i.optional_vars])
            return read([i.context_expr for i in s.items]) | (self.before(s.body, out) - given)
        if isinstance(s, ast.Try | ast.Match):
            return self._any_path(s, out)
        if isinstance(s, ast.Return | ast.Raise):
            return read([s])
        return (out - _killed(s)) | read([s])

    def _loop(self, s: ast.While | ast.For, test: Names, target: Names, out: Names) -> Names:
        # What is read after an iteration is what is read before the next one.
        end = self.before(s.orelse, out)
        head = end | test
        while True:
            again = head | (self.before(s.body, head) - target)
            if again == head:
                break
            head = again
        self.head[s] = self.after[s] = head
        return head

    def _any_path(self, s: ast.Try | ast.Match, out: Names) -> Names:
        # Any statement of a try may be its last one, so none of them ends a name's life.
        if isinstance(s, ast.Match):
            blocks = [case.body for case in s.cases]
            found = out | read([s.subject, *(c.guard for c in s.cases if c.guard)])
            found |= read([c.pattern for c in s.cases])
        else:
            handlers = [h.body for h in s.handlers]
            blocks = [s.finalbody, s.orelse, *handlers, s.body]
            found = out | read([h.type for h in s.handlers if h.type])
        for block in blocks:
            found |= self.before(block, found)
        return found


def _killed(s: ast.stmt) -> Names:
    """Names that surely have another value after the statement."""
    if isinstance(s, ast.Assign):
        return frozenset(
            n.id
            for t in s.targets
            for n in nodes([t])
            if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
        )
    if isinstance(s, ast.AnnAssign) and s.value is None:
        return frozenset()
    if isinstance(s, ast.AnnAssign | ast.FunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom):
        return bound([s])
    return frozenset()
