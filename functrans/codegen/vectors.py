"""How loops become vector code: where several accumulators pay, and where the rest splits off."""

from __future__ import annotations

from functrans.codegen import vector_math
from functrans.codegen.nests import For, Multiply, Step, steps_of
from functrans.codegen.row_blocks import lanes
from functrans.codegen.statements import Compute, Fold, Invoke, Op

ACCUMULATORS = 4
_INTERLEAVED_FROM = 256  # iterations, where some may be left over
_INTERLEAVED_STEPS = 8


def interleaves(node: For, iterations: int) -> bool:
    """Whether several accumulators pay: a loop that little but folds, and is long or fills them.

    They hide the latency of the fold. Where a function is called there is enough to do meanwhile,
    and the code would only grow.
    """
    steps = [part for part in node.body if isinstance(part, Step)]
    round_ = ACCUMULATORS * lanes(steps)
    return (
        (iterations >= _INTERLEAVED_FROM or (iterations > round_ and iterations % round_ == 0))
        and len(node.body) == len(steps) <= _INTERLEAVED_STEPS
        and any(isinstance(step.op, Fold) for step in steps)
        and not any(calls(step.op) for step in steps)
    )


_SPLIT_TO = 128  # iterations; in longer loops the last few hardly count


def full_vectors(node: For) -> int:
    """How many iterations fill vectors, where the rest had better be a loop of its own; or 0.

    LLVM runs what is left one by one. As a loop it becomes shorter vectors.
    """
    if node.left is not None or node.scalar or node.extent > _SPLIT_TO:
        return 0
    steps = list(steps_of(node.body))
    width = lanes(steps)
    rest = node.extent % width
    if rest < 2 or node.extent < width or not any(map(_counts, steps)):
        return 0
    nested = any(isinstance(part, For) and not part.unroll for part in node.body)
    return 0 if nested else node.extent - rest


def _counts(step: Step) -> bool:
    return isinstance(step.op, Compute | Invoke | Fold)


def calls(op: Op | Multiply) -> bool:
    """Whether a step calls a function, or is as long as one."""
    return isinstance(op, Invoke) or (isinstance(op, Compute) and vector_math.is_long(op.scalar))
