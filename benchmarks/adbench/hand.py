"""Hand tracking: the Jacobian of 3N errors by 26 pose parameters, by forward mode."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from benchmarks.adbench.case import Array, Case, Function, Program, load

KINDS = ("simple", "complicated")


def cases(large: bool) -> Iterator[Case]:
    for kind in KINDS:
        for model in ("small", "big"):
            data = load(f"hand_{kind}_{model}_c100")
            yield case(f"HAND {kind} {model} 100", load(f"hand_model_{model}"), data, most=0.10)
    for n in (12800, 100000):
        for kind in KINDS:
            for model in ("small", "big"):
                tables = load(f"hand_model_{model}")
                yield case(f"HAND {kind} {model} {n}", tables, drawn(tables, kind, n), most=0.40)


def case(name: str, model: dict[str, Array], data: dict[str, Array], most: float) -> Case:
    theta, corr, points, us = data["theta"], data["corr"], data["points"], data.get("us")

    def program(choice: Function, table: Function, skinned: Function, lib: Any) -> Program:
        wanted = corr if us is None else model["triangles"][corr].T
        weights, positions, used = choice(model, wanted)
        constants = table(weights, positions)

        def objective(theta: Any, us: Any, points: Any, used: Any, constants: Any) -> Any:
            posed = skinned(lib, transforms(lib, model, theta), *constants)
            vertices = placed(lib, theta, posed)
            return points - combined(us, vertices if used is None else vertices[used])

        def jacobian(theta: Any, us: Any, *rest: Any) -> Any:
            if us is None:
                return lib.jacfwd(objective)(theta, us, *rest)

            def moved(step: Any) -> Any:
                return objective(step[2:], us + step[:2], *rest)

            return lib.jacfwd(moved)(lib.numpy.concatenate([np.zeros(2), theta]))

        return Program(objective, jacobian, (theta, us, points, used, constants))

    return Case(
        name,
        {
            f"{where}, {how}": partial(program, choice, *posing)
            for where, choice in (("each vertex once", once), ("point by point", by_point))
            for how, posing in POSINGS.items()
        },
        lambda manual: manual.hand(model, theta, corr, points, us),
        most=most,
        value=data.get("F"),
        expected=data["J"].ravel() if "J" in data else None,
        ours_from=lambda columns: columns.reshape(-1, 3 * len(corr)).T.ravel(),
    )


def once(model: dict[str, Array], vertices: Array) -> tuple[Array, Array, Array]:
    """Weights and positions of the vertices in use, and which of these each point wants."""
    distinct, used = np.unique(vertices, return_inverse=True)
    return model["weights"][distinct], model["base_pos"][distinct], used.reshape(vertices.shape)


def by_point(model: dict[str, Array], vertices: Array) -> tuple[Array, Array, None]:
    """Weights and positions of each point's own vertices, so that nothing is gathered later."""
    return model["weights"][vertices], model["base_pos"][vertices], None


def kept(weights: Array, positions: Array) -> tuple[Array, Array]:
    return weights, positions


def bone_by_bone(lib: Any, bones: Any, weights: Any, positions: Any) -> Any:
    """The skinned vertices, as the definition has them."""
    return lib.numpy.einsum("...b,bij,...j->...i", weights, bones[:, :3], positions)


def multiplied(weights: Array, positions: Array) -> tuple[Array]:
    """Weight × position, (…, 88), which does not depend on the pose."""
    return ((weights[..., :, None] * positions[..., None, :]).reshape(*weights.shape[:-1], 88),)


def one_product(lib: Any, bones: Any, table: Any) -> Any:
    """The same as the product of this table with all bones."""
    return table @ lib.numpy.transpose(bones[:, :3], (0, 2, 1)).reshape(88, 3)


def of_four(weights: Array, positions: Array) -> tuple[Array, Array]:
    """Weight × position, (…, 4, 4), for the one to four bones that move a vertex, and which."""
    bones = np.argsort(-weights, axis=-1, kind="stable")[..., :4]
    heaviest = np.take_along_axis(weights, bones, -1)
    return heaviest[..., None] * positions[..., None, :], bones


def few_bones(lib: Any, bones: Any, table: Any, which: Any) -> Any:
    """The same without the bones that do not move a vertex."""
    return lib.numpy.einsum("...bj,...bij->...i", table, bones[:, :3][which])


POSINGS: dict[str, tuple[Function, Function]] = {
    "bone by bone": (kept, bone_by_bone),
    "one product": (multiplied, one_product),
    "few bones": (of_four, few_bones),
}


def combined(us: Any, vertices: Any) -> Any:
    """A vertex each; or three corners each, weighed by ``us``."""
    if us is None:
        return vertices
    a, b = us[:, :1], us[:, 1:]
    return a * vertices[0] + b * vertices[1] + (1.0 - a - b) * vertices[2]


def placed(lib: Any, pose: Any, vertices: Any) -> Any:
    """The global rotation and translation."""
    return vertices @ global_rotation(lib, pose[:3]).T + pose[3:6]


def global_rotation(lib: Any, axis: Any) -> Any:
    """Rodrigues' formula; the identity, with no derivative, for a rotation below 1e-4."""
    np_ = lib.numpy
    square = np_.sum(axis * axis)
    small = square < 1e-8
    angle = np_.sqrt(np_.where(small, 1.0, square))
    x, y, z = (axis[i] / angle for i in range(3))
    zero = np_.zeros_like(x)
    cross = np_.stack([zero, -z, y, z, zero, -x, -y, x, zero]).reshape(3, 3)
    full = np.eye(3) + np_.sin(angle) * cross + (1.0 - np_.cos(angle)) * (cross @ cross)
    return np_.where(small, np.eye(3), full)


def transforms(lib: Any, model: dict[str, Array], pose: Any) -> Any:
    """(bones, 4, 4): from the base pose to this one, bones of equal depth at a time."""
    np_ = lib.numpy
    relative = model["base_rel"] @ joint_rotations(lib, pose)
    absolute: Any = None
    order: list[int] = []
    for bones in by_depth(model["parents"]):
        own = relative[np.array(bones)]
        if absolute is None:
            absolute = own
        else:
            above = [order.index(parent) for parent in model["parents"][bones]]
            absolute = np_.concatenate([absolute, absolute[np.array(above)] @ own])
        order += bones
    return absolute[np.argsort(order)] @ model["inv_abs"]


def by_depth(parents: Array) -> list[list[int]]:
    """The bones without a parent, their children, and so on."""
    levels = [[i for i, parent in enumerate(parents) if parent < 0]]
    while children := [i for i, parent in enumerate(parents) if parent in levels[-1]]:
        levels.append(children)
    return levels


def joint_rotations(lib: Any, pose: Any) -> Any:
    """(22, 4, 4): about x and z at the first joint of a finger, about x at the next two."""
    np_ = lib.numpy
    fingers = pose[6:].reshape(5, 4)
    none = np.zeros((5, 1))
    bent = np_.concatenate([none, fingers[:, :1], fingers[:, 2:]], axis=1).reshape(-1)
    spread = np_.concatenate([none, fingers[:, 1:2], none, none], axis=1).reshape(-1)
    about_x, about_z = (np_.concatenate([np.zeros(1), a, np.zeros(1)]) for a in (bent, spread))
    zero, one = np.zeros(22), np.ones(22)
    cos, sin = np_.cos(about_x), np_.sin(about_x)
    x = [one, zero, zero, zero, zero, cos, -sin, zero, zero, sin, cos, zero, zero, zero, zero, one]
    cos, sin = np_.cos(about_z), np_.sin(about_z)
    z = [cos, -sin, zero, zero, sin, cos, zero, zero, zero, zero, one, zero, zero, zero, zero, one]
    turn_x, turn_z = (np_.stack(m, axis=1).reshape(22, 4, 4) for m in (x, z))
    return turn_z @ turn_x


def drawn(model: dict[str, Array], kind: str, n: int) -> dict[str, Array]:
    """As many points as asked for, near the model, with the pose of ADBench's file."""
    rng = np.random.default_rng(0)
    data = load(f"hand_{kind}_small_c100")
    simple = kind == "simple"
    count = len(model["base_pos"]) if simple else len(model["triangles"])
    drawn = {
        "theta": data["theta"],
        "corr": rng.integers(count, size=n).astype(np.int32),
        "points": rng.normal(data["points"].mean(0), data["points"].std(0), (n, 3)),
    }
    return drawn if simple else {**drawn, "us": rng.uniform(size=(n, 2))}
