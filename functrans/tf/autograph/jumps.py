"""break, continue and return become flags, and what they jump over is guarded."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from functrans.tf.autograph.liveness import nodes
from functrans.tf.autograph.state import RESULT

RETURNED = "ag__returned"
Block = list[ast.stmt]
Flags = frozenset[str]
Stops = dict[ast.For, list[str]]
"""The flags that end a loop, where it has some."""


def without_jumps(function: ast.FunctionDef) -> Stops:
    """Rewrite the body so that no statement jumps but a ``return`` at the very end.

    What several returns give is in the name RESULT then.
    """
    returns = [n for n in nodes(function.body) if isinstance(n, ast.Return)]
    if not returns or returns == function.body[-1:]:
        lowering = _Lowering(kept=returns)
        function.body = lowering.block(function.body).statements
        return lowering.stops
    lowering = _Lowering(kept=[])
    body = lowering.block(function.body).statements
    start = parsed(f"{RESULT} = ag__.NOTHING; {RETURNED} = False", function.body[0])
    end = parsed(f"def ag__end(): return ag__.returned({RESULT})", function.body[-1])
    function.body = [*start, *body, *end[0].body]
    return lowering.stops


def parsed(text: str, where: ast.AST) -> list[Any]:
    """Statements from a text, which tells their classes, on the first line of ``where``."""
    statements = ast.parse(text).body
    node: Any
    for statement in statements:
        for node in ast.walk(statement):
            ast.copy_location(node, where)
            if node.__dict__.get("end_lineno") != node.__dict__.get("lineno"):
                # Python counts a method that is called as being on its last line.
                node.end_lineno = node.lineno
                node.end_col_offset = node.col_offset + 1
    return statements


@dataclass(frozen=True)
class _Lowered:
    """A block without jumps, the flags that it may set, and whether it surely sets one."""

    statements: Block
    flags: Flags = frozenset()
    surely: bool = False

    def then(self, after: _Lowered) -> _Lowered:
        """This block, and after it the other one unless it was jumped over."""
        rest = after.statements
        if rest and self.flags:
            rest = [_unless(self.flags, rest)]
        return _Lowered(
            self.statements + rest, self.flags | after.flags, self.surely or after.surely
        )


@dataclass
class _Lowering:
    """The jumps of a function; ``kept`` are returns that stay."""

    kept: Sequence[ast.stmt]
    stops: Stops = field(default_factory=dict)
    loops: list[int] = field(default_factory=list)
    """The numbers of the loops around."""
    count: int = 0

    def block(self, statements: Sequence[ast.stmt]) -> _Lowered:
        done = _Lowered([])
        for number, s in enumerate(statements):
            rest = statements[number + 1 :]
            if isinstance(s, ast.If):
                found = self._if(s, rest)
                if found is not None:
                    return done.then(found)
                done = done.then(_Lowered([s]))
                continue
            found = self._statement(s)
            done = done.then(found)
            if found.surely:
                return done
            if found.flags:
                return done.then(self.block(rest))
        return done

    def _if(self, s: ast.If, rest: Sequence[ast.stmt]) -> _Lowered | None:
        """The branching and all that follows it; None if neither branch jumps."""
        body, other = self.block(s.body), self.block(s.orelse)
        moved = body.surely != other.surely
        if moved and body.surely:
            other = other.then(self.block(rest))
        elif moved:
            body = body.then(self.block(rest))
        s.body, s.orelse = body.statements, other.statements
        flags = body.flags | other.flags
        if not flags:
            return None
        both = _Lowered([s], flags, body.surely and other.surely)
        return both if moved or both.surely else both.then(self.block(rest))

    def _statement(self, s: ast.stmt) -> _Lowered:
        if isinstance(s, ast.Return) and s not in self.kept:
            result = parsed(f"{RESULT} = None", s)[0]
            if s.value is not None:
                result.value = s.value
            return self._jump(s, RETURNED, [result])
        if isinstance(s, ast.Break):
            return self._jump(s, f"ag__break_{self.loops[-1]}", [])
        if isinstance(s, ast.Continue):
            return self._jump(s, f"ag__continue_{self.loops[-1]}", [])
        if isinstance(s, ast.While | ast.For):
            return self._loop(s)
        if isinstance(s, ast.Try):
            return self._try(s)
        blocks = s.cases if isinstance(s, ast.Match) else [s] if isinstance(s, ast.With) else []
        return _Lowered([s], self._inside(blocks))

    def _jump(self, s: ast.stmt, flag: str, before: Block) -> _Lowered:
        return _Lowered([*before, *parsed(f"{flag} = True", s)], frozenset([flag]), True)

    def _inside(self, owners: Iterable[ast.With | ast.match_case | ast.ExceptHandler]) -> Flags:
        """Rewrite the bodies of these; the flags that they may set."""
        flags: Flags = frozenset()
        for owner in owners:
            found = self.block(owner.body)
            owner.body = found.statements
            flags |= found.flags
        return flags

    def _try(self, s: ast.Try) -> _Lowered:
        body = self.block(s.body)
        after = body.then(self.block(s.orelse))  # else is skipped where the body jumps
        final = self.block(s.finalbody)
        s.body, s.finalbody = body.statements, final.statements
        s.orelse = after.statements[len(body.statements) :]
        return _Lowered([s], after.flags | final.flags | self._inside(s.handlers))

    def _loop(self, s: ast.While | ast.For) -> _Lowered:
        self.count += 1
        self.loops.append(self.count)
        stop, skip = f"ag__break_{self.count}", f"ag__continue_{self.count}"
        body = self.block(s.body)
        self.loops.pop()
        s.body = body.statements
        if skip in body.flags:
            s.body = [*parsed(f"{skip} = False", s), *s.body]
        stops = sorted(body.flags - {skip})
        before = parsed(f"{stop} = False", s) if stop in stops else []
        if stops:
            self._stop(s, stops)
        after = _Lowered([s], frozenset(stops)).then(self.block(s.orelse))
        s.orelse = []
        return _Lowered([*before, *after.statements], after.flags - {stop})

    def _stop(self, s: ast.While | ast.For, flags: list[str]) -> None:
        if isinstance(s, ast.For):
            self.stops[s] = flags
            return
        s.test = ast.copy_location(ast.BoolOp(ast.And(), [*_none_of(flags, s), s.test]), s.test)


def _none_of(flags: Iterable[str], where: ast.AST) -> Iterator[ast.expr]:
    for flag in sorted(flags):
        yield parsed(f"not {flag}", where)[0].value


def _unless(flags: Iterable[str], rest: Block) -> ast.stmt:
    """The block where none of the flags is set."""
    guard: ast.If = parsed(f"if not ({' or '.join(sorted(flags))}): pass", rest[0])[0]
    guard.body = rest
    return guard
