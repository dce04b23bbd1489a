"""Products of matrices that meet in a kernel: all three run block by block, in the cache.

A kernel over the rows of what BLAS has just made, and BLAS over the rows that the kernel makes,
would write and read whole matrices. Where nobody else wants these, a block of rows is made, used
and forgotten before the next one::

    for each block of rows:  rows = x[block] · A;  kernel(rows) → out;  total += y[block]ᵀ · out
"""

from __future__ import annotations

from dataclasses import dataclass

from functrans.codegen.clusters import Cluster, Clusters, Kernel, Loop, Repetition
from functrans.codegen.index import unit
from functrans.codegen.statements import LibraryCall, NumpyCall, RoutineCall, Value

_FROM_BYTES = 2**20  # of what is made and forgotten: less stays in the cache anyway
_BLOCK_BYTES = 2**18


@dataclass(slots=True, eq=False)
class Tile:
    """How a kernel is cut: the loop over rows, rows in a block, the products before and behind."""

    loop: Loop
    rows: int
    before: LibraryCall | None
    after: LibraryCall | None
    values: tuple[Value, ...]  # of which one block is kept


def tiled(clusters: Clusters) -> dict[Kernel, Tile]:
    """The kernels that are cut; their products leave the program's order."""
    found: dict[Kernel, Tile] = {}
    if any(value.over is not None for value in clusters.values):
        return found
    for kernel in [c for c in clusters.order if isinstance(c, Kernel)]:
        tile = _tile(clusters, kernel)
        if tile is not None:
            found[kernel] = tile
            clusters.order = [c for c in clusters.order if c not in (tile.before, tile.after)]
    return found


def _tile(clusters: Clusters, kernel: Kernel) -> Tile | None:
    loops = [node for node in kernel.nodes if isinstance(node, Loop)]
    if not loops:
        return None
    loop = max(loops, key=lambda node: node.weight * node.extent)
    place = clusters.order.index(kernel)
    calls = [c if isinstance(c, LibraryCall) else None for c in clusters.order]
    earlier = {value for cluster in clusters.order[:place] for value in _written(cluster)}
    before = [c for c in calls[:place] if c and _makes_rows(c, kernel, loop)]
    after = [c for c in calls[place + 1 :] if c and _takes_rows(c, earlier, kernel, loop)]
    values: list[Value] = [call.write for call in before[-1:]]
    values += [value for call in after[:1] if (value := _rows_of(call, kernel)) is not None]
    if sum(value.size * value.dtype.itemsize for value in values) < _FROM_BYTES:
        return None
    row = max(value.size // loop.extent * value.dtype.itemsize for value in values)
    rows = max(_BLOCK_BYTES // row // 16 * 16, 32)
    if loop.extent < 2 * rows:
        return None
    first = before[-1] if before else None
    last = after[0] if after else None
    return Tile(loop, rows, first, last, tuple(values))


def _makes_rows(call: LibraryCall, kernel: Kernel, loop: Loop) -> bool:
    """Whether this product makes the rows that the loop, and nobody else, reads."""
    return (
        call.gemm.sizes.batch == 1
        and call.gemm.sizes.m == loop.extent
        and all(region.value.kind != "literal" for region in call.reads)
        and _is_row_value(call.write, kernel, loop, writers=False)
    )


def _takes_rows(call: LibraryCall, earlier: set[Value], kernel: Kernel, loop: Loop) -> bool:
    """Whether this product sums over the rows that the loop makes, and can run beside it."""
    value = _rows_of(call, kernel)
    others = [region.value for region in call.reads if region.value is not value]
    return (
        value is not None
        and call.gemm.sizes.batch == 1
        and call.gemm.sizes.k == loop.extent
        and _sums_over_rows(call, value)
        and call.write.within is None
        and _is_row_value(value, kernel, loop, writers=True)
        and len(others) == 1
        and (others[0].kind in ("arg", "const") or others[0] in earlier)
    )


def _sums_over_rows(call: LibraryCall, value: Value) -> bool:
    """Whether the axis that the product sums over is the first one of ``value``."""
    row = value.size // value.shape[0]
    if call.reads[0].value is value:
        return call.gemm.lhs.transposed and call.gemm.lhs.leading == row
    return not call.gemm.rhs.transposed and call.gemm.rhs.leading == row


def _rows_of(call: LibraryCall, kernel: Kernel) -> Value | None:
    """The operand that the kernel writes."""
    inside = {write.value for statement in kernel.statements for write in statement.writes}
    for region in call.reads:
        if region.value in inside and region.offset == 0:
            return region.value
    return None


def _is_row_value(value: Value, kernel: Kernel, loop: Loop, writers: bool) -> bool:
    """Whether the loop's iterations use one row each, and nothing else uses any.

    ``writers``: it is the kernel that writes, and one product reads.
    """
    if value.kind != "temp" or value.output is not None or value.within or value.parts:
        return False
    if not value.shape or value.shape[0] != loop.extent or bool(value.writers) != writers:
        return False
    accesses = [(s, access) for s, access in value.readers if s is not None]
    if len(value.readers) - len(accesses) != int(writers):
        return False
    accesses += [(s, w) for s in value.writers for w in s.writes if w.value is value]
    inside = {statement for statement in kernel.statements if loop in statement.path}
    return bool(accesses) and all(
        statement in inside
        and len(access.groups) == len(value.shape)
        and access.groups[0] == (1, unit(0))
        for statement, access in accesses
    )


def _written(cluster: Cluster) -> set[Value]:
    match cluster:
        case Kernel():
            return {write.value for s in cluster.statements for write in s.writes}
        case RoutineCall() | NumpyCall():
            return set(cluster.writes)
        case Repetition():
            return set(cluster.call.writes)
        case _:
            return {cluster.write}
