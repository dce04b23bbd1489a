"""Bundle adjustment: a Jacobian of independent 2 × 15 blocks, one for each observation."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from benchmarks.adbench.case import Array, Case, Function, Program, joined, load

SIZES = {
    "ba1": (49, 7776, 31843),
    "ba2": (21, 11315, 36455),
    "ba3": (161, 48126, 182072),
    "ba4": (372, 47423, 204472),
    "ba5": (257, 65132, 225911),
}


def cases(large: bool) -> Iterator[Case]:
    for name, sizes in SIZES.items():
        yield case(f"BA {name}", replicated(*sizes))


def case(name: str, data: dict[str, Array]) -> Case:
    arguments = tuple(data[key] for key in ("cams", "X", "w", "obs", "feats"))

    def program(residuals: Function, blocks: Function, lib: Any) -> Program:
        def objective(cams: Any, points: Any, w: Any, obs: Any, feats: Any) -> Any:
            errors = residuals(lib, cams[obs[:, 0]], points[obs[:, 1]], w, feats)
            return errors, weight_error(w)

        def jacobian(cams: Any, points: Any, w: Any, obs: Any, feats: Any) -> Any:
            values = blocks(lib, cams[obs[:, 0]], points[obs[:, 1]], w, feats)
            return lib.numpy.concatenate([values.reshape(-1), lib.vmap(lib.grad(weight_error))(w)])

        return Program(objective, jacobian, arguments)

    return Case(
        name,
        {
            "block, reverse": partial(program, each_residual, partial(each_block, "jacrev")),
            "block, forward": partial(program, each_residual, partial(each_block, "jacfwd")),
            "columns, two vjps": partial(program, column_residuals, column_blocks),
        },
        lambda manual: manual.ba(*arguments),
        most=0.35,
        value=data.get("F"),
        expected=data.get("vals"),
    )


def weight_error(w: Any) -> Any:
    return 1.0 - w * w


def residual(lib: Any, camera: Any, point: Any, w: Any, feature: Any) -> Any:
    """The weighted reprojection error of one observation, two numbers."""
    np_ = lib.numpy
    rotation, centre, focal = camera[:3], camera[3:6], camera[6]
    principal, radial1, radial2 = camera[7:9], camera[9], camera[10]
    x = rotated(np_, rotation, point - centre)
    projected = x[:2] / x[2]
    square = np_.sum(projected * projected)
    distortion = 1.0 + radial1 * square + radial2 * square * square
    return w * (focal * distortion * projected + principal - feature)


def rotated(np_: Any, rotation: Any, x: Any) -> Any:
    """``x`` turned about the axis ``rotation`` by its length; by first order where that is 0."""
    square = np_.sum(rotation * rotation)
    angle = np_.sqrt(np_.where(square == 0.0, 1.0, square))
    axis = rotation / angle
    cosine, sine = np_.cos(angle), np_.sin(angle)
    turned = x * cosine + np_.cross(axis, x) * sine + axis * np_.sum(axis * x) * (1.0 - cosine)
    return np_.where(square == 0.0, x + np_.cross(rotation, x), turned)


def each_residual(lib: Any, cameras: Any, points: Any, w: Any, features: Any) -> Any:
    return lib.vmap(partial(residual, lib))(cameras, points, w, features)


def each_block(mode: str, lib: Any, cameras: Any, points: Any, w: Any, features: Any) -> Any:
    """(p, 2, 15): the Jacobian of each residual, by ``jacrev`` or ``jacfwd``."""
    jacobian = getattr(lib, mode)(partial(residual, lib), (0, 1, 2))
    by_camera, by_point, by_w = lib.vmap(jacobian)(cameras, points, w, features)
    return lib.numpy.concatenate([by_camera, by_point, by_w[:, :, None]], axis=2)


def column_residuals(lib: Any, cameras: Any, points: Any, w: Any, features: Any) -> Any:
    return lib.numpy.stack(columns(lib, cameras.T, points.T, w, features.T), axis=1)


def column_blocks(lib: Any, cameras: Any, points: Any, w: Any, features: Any) -> Any:
    """The same blocks from two pullbacks of the whole computation."""
    np_ = lib.numpy

    def whole(cameras: Any, points: Any, w: Any) -> Any:
        return columns(lib, cameras, points, w, features.T)

    _, pullback = lib.vjp(whole, cameras.T, points.T, w)
    ones, zeros = np.ones(len(w)), np.zeros(len(w))
    sides = [pullback((ones, zeros)), pullback((zeros, ones))]
    rows = [np_.concatenate([c, x, w_[None]]) for c, x, w_ in sides]
    return np_.transpose(np_.stack(rows), (2, 0, 1))


def columns(lib: Any, cameras: Any, points: Any, w: Any, features: Any) -> Any:
    """Both components of all residuals; every quantity is one array over the observations."""
    np_ = lib.numpy
    r = cameras[:3]
    x, y, z = (points[i] - cameras[3 + i] for i in range(3))
    square = r[0] * r[0] + r[1] * r[1] + r[2] * r[2]
    angle = np_.sqrt(np_.where(square == 0.0, 1.0, square))
    a, b, c = (r[i] / angle for i in range(3))
    cosine, sine = np_.cos(angle), np_.sin(angle)
    along = (a * x + b * y + c * z) * (1.0 - cosine)
    turned = (
        x * cosine + (b * z - c * y) * sine + a * along,
        y * cosine + (c * x - a * z) * sine + b * along,
        z * cosine + (a * y - b * x) * sine + c * along,
    )
    near = (
        x + r[1] * z - r[2] * y,
        y + r[2] * x - r[0] * z,
        z + r[0] * y - r[1] * x,
    )
    x, y, z = (np_.where(square == 0.0, u, v) for u, v in zip(near, turned, strict=True))
    u, v = x / z, y / z
    square = u * u + v * v
    scale = cameras[6] * (1.0 + cameras[9] * square + cameras[10] * square * square)
    return (
        w * (scale * u + cameras[7] - features[0]),
        w * (scale * v + cameras[8] - features[1]),
    )


def replicated(n: int, m: int, p: int) -> dict[str, Array]:
    """ADBench's instances: copies of one camera, point, weight and feature."""
    one = load("ba_ba1")
    i = np.arange(p)
    return {
        "cams": np.tile(one["cam"], (n, 1)),
        "X": np.tile(one["X"], (m, 1)),
        "w": np.full(p, float(one["w"])),
        "obs": np.stack([i % n, i % m], axis=1),
        "feats": np.tile(one["feat"], (p, 1)),
        "F": joined([np.tile(one["F_block"], p), np.full(p, float(one["F_w"]))]),
        "vals": joined([np.tile(one["J_block"].ravel(), p), np.full(p, float(one["J_w"]))]),
    }
