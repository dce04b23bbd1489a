"""Clusters into loop nests: every statement becomes steps over registers and memory."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from functrans.codegen.clusters import Cluster, Clusters, Kernel, Loop, Node, Repetition
from functrans.codegen.index import address
from functrans.codegen.loop_shapes import Blocks, collapsed, mark
from functrans.codegen.nests import Cell, For, Nest, Nests, Number, Operand, Register, Step
from functrans.codegen.places import Places, in_register
from functrans.codegen.statements import Access, Coordinate, Lookup, Statement, Update
from functrans.codegen.tiles import Tile, tiled
from functrans.kernel import Affine

Dtype = np.dtype[Any]


def build_nests(clusters: Clusters) -> Nests:
    """Decide what lives where, then write every kernel over memory."""
    tiles = tiled(clusters)
    places = Places(tiles)
    for value in clusters.values:
        if value.within is None:
            places.decide(value)
    for value in clusters.values:
        if value.within is not None:
            places.share(value)
    order: list[tuple[Cluster, Nest | tuple[Nests, ...] | None]] = []
    for cluster in clusters.order:
        nest: Nest | tuple[Nests, ...] | None = None
        if isinstance(cluster, Repetition):
            nest = tuple(map(build_nests, cluster.programs))
        if isinstance(cluster, Kernel):
            nest = _nest(cluster, tiles.get(cluster), places)
        order.append((cluster, nest))
    return Nests(order, places.storage, places.starts, clusters.outputs)


def _nest(kernel: Kernel, tile: Tile | None, places: Places) -> Nest:
    writer = _Writer(places)
    nodes = writer.nodes(kernel.nodes, [])
    rows = writer.made[tile.loop] if tile else None
    if rows is not None:
        rows.body = [collapsed(child) for child in rows.body]
    nodes = [node if node is rows else collapsed(node) for node in nodes]
    for node in nodes:
        mark(node)
    blocks = Blocks(writer.count)
    return Nest([
        blocks.tile(node, tile, places) if tile and node is rows else blocks.cut(node, {})
        for node in nodes
    ])  # fmt: skip


class _Writer:
    """Rewrites a kernel's tree over memory and loop variables."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self.count = 0
        self.made: dict[Loop, For] = {}

    def nodes(self, nodes: list[Node], variables: list[int]) -> list[Step | For]:
        result: list[Step | For] = []
        for node in nodes:
            if isinstance(node, Loop):
                result.append(self.loop(node, variables))
            else:
                result.append(self.step(node, variables))
        return result

    def loop(self, loop: Loop, variables: list[int]) -> For:
        variable = self.count
        self.count += 1
        self.made[loop] = made = For(
            variable,
            loop.extent,
            self.nodes(loop.prologue, variables),
            self.nodes(loop.body, [*variables, variable]),
            self.nodes(loop.epilogue, variables),
        )
        return made

    def step(self, statement: Statement, variables: list[int]) -> Step:
        op = statement.op
        if isinstance(op, Coordinate):
            op = replace(op, form=_renamed(op.form, variables))
        operands = [self.operand(statement, access, variables) for access in statement.reads]
        targets = [
            self.cell(write, variables)
            for write in statement.writes
            if write.value in self.places.storage
        ]
        bounds: tuple[int, ...] = ()
        if isinstance(op, Lookup | Update):
            access = statement.reads[0] if isinstance(op, Lookup) else statement.writes[0]
            bounds = tuple(access.value.shape[axis] for axis in op.axes)
        return Step(op, operands, targets, statement.writes[0].value, statement.eqn, bounds)

    def operand(self, statement: Statement, access: Access, variables: list[int]) -> Operand:
        value = access.value
        if value.kind == "literal":
            return Number(value.literal, access.dtype)
        if in_register(statement, access):
            return Register(value, access.cast)
        return self.cell(access, variables)

    def cell(self, access: Access, variables: list[int]) -> Cell:
        strides = self.places.strides[access.value]
        known = tuple((span, form) for span, form in access.groups if form is not None)
        if len(known) == len(access.groups):
            where = address(known, strides)
            unknown: tuple[int, ...] = ()
        else:
            kept = [s for s, (_, form) in zip(strides, access.groups, strict=True) if form]
            where = address(known, kept)
            unknown = tuple(
                s for s, (_, form) in zip(strides, access.groups, strict=True) if form is None
            )
        storage = self.places.storage[access.value]
        start = self.places.starts.get(access.value, 0)
        where = Affine(where.offset + start, where.terms)
        return Cell(storage, _renamed(where, variables), access.cast, unknown)


def _renamed(form: Affine, variables: list[int]) -> Affine:
    if all(variables[axis] == axis for axis, _ in form.terms):
        return form
    return Affine(form.offset, tuple((variables[axis], c) for axis, c in form.terms))
