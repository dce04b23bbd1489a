"""Rotations of space as unit quaternions, as in ``scipy.spatial.transform``.

Their derivatives are right at the identity, too, where an angle has none: series replace there
what divides by it. Shoemake (1985); Euler's angles by Bernardes and Viollet (2022),
doi:10.1371/journal.pone.0276302.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

import functrans.numpy as fnp
from functrans import random
from functrans.errors import OptionError, ShapeError
from functrans.numpy.promote import array_like, cast, float_dtype
from functrans.random.keys import KeyLike
from functrans.tree import register_dataclass
from functrans.typing import ArrayLike, ArrayOrScalar, DTypeLike

__all__ = ["Rotation", "Slerp"]

_SMALL = 1e-6  # squares of angles below it are small: their series of three terms are exact


def _numbers(x: Any, *shape: int) -> Any:
    """``x`` as floating numbers, whose last axes are these."""
    x = array_like(x)
    if x.shape[max(x.ndim - len(shape), 0) :] != shape:
        raise ShapeError(f"A rotation got an array of shape {x.shape}.", f"Give (…, {shape}).")
    return cast(x, float_dtype(x))


def _parts(x: Any) -> list[Any]:
    return [x[..., i] for i in range(x.shape[-1])]


def _unit(quat: Any) -> Any:
    return quat / fnp.sqrt(fnp.sum(fnp.square(quat), -1, keepdims=True))


def _product(p: Any, q: Any) -> Any:
    a, b, c, d = _parts(p)
    x, y, z, w = _parts(q)
    return fnp.stack(
        [
            a * w + d * x + b * z - c * y,
            b * w + d * y + c * x - a * z,
            c * w + d * z + a * y - b * x,
            d * w - a * x - b * y - c * z,
        ],
        -1,
    )


def _axes(seq: str) -> tuple[list[int], bool]:
    """The axes of Euler's angles, and whether they turn with the body."""
    known = re.fullmatch("[xyz]{1,3}|[XYZ]{1,3}", seq)
    if not known or any(a == b for a, b in pairwise(seq)):
        raise OptionError(
            f"seq={seq!r} names no angles of Euler.",
            "Give up to three of x, y, z or of X, Y, Z, with no neighbours equal.",
        )
    return ["xyz".index(c) for c in seq.lower()], seq.isupper()


@dataclass(frozen=True)
class Rotation:
    """Rotations of space: one, or an array of them. A tree, which goes through transforms.

    ``quat`` are unit quaternions (x, y, z, w) of shape (…, 4). Errors of the methods are
    ShapeError, for arrays that are none of rotations, and OptionError.

    >>> R = ft.scipy.spatial.transform.Rotation
    >>> turn = R.from_euler("z", 90, degrees=True)
    >>> (turn * turn).apply(np.array([1.0, 2.0, 3.0])).round(8)
    array([-1., -2.,  3.])
    >>> ft.jacobian(lambda v: R.from_rotvec(v).apply(np.array([0.0, 0.0, 1.0])))(np.zeros(3))
    array([[ 0.,  1.,  0.],
           [-1.,  0.,  0.],
           [ 0.,  0.,  0.]])
    """

    quat: Any

    # --- made from ---

    @classmethod
    def from_quat(cls, quat: ArrayLike) -> Rotation:
        """From quaternions (x, y, z, w) of any length but 0, shape (…, 4)."""
        return cls(_unit(_numbers(quat, 4)))

    @classmethod
    def from_rotvec(cls, rotvec: ArrayLike, degrees: bool = False) -> Rotation:
        """From axes, shape (…, 3), as long as the angle."""
        vector = _numbers(rotvec, 3)
        vector = fnp.deg2rad(vector) if degrees else vector
        square = fnp.sum(fnp.square(vector), -1, keepdims=True)
        small = square < _SMALL
        angle = fnp.sqrt(fnp.where(small, 1.0, square))
        scale = 0.5 - square / 48.0 + fnp.square(square) / 3840.0
        cosine = 1.0 - square / 8.0 + fnp.square(square) / 384.0
        scale = fnp.where(small, scale, fnp.sin(0.5 * angle) / angle)
        cosine = fnp.where(small, cosine, fnp.cos(0.5 * angle))
        return cls(fnp.concatenate([scale * vector, cosine], -1))

    @classmethod
    def from_matrix(cls, matrix: ArrayLike) -> Rotation:
        """From rotation matrices, shape (…, 3, 3)."""
        m = _numbers(matrix, 3, 3)
        diagonal = [m[..., i, i] for i in range(3)]
        total = diagonal[0] + diagonal[1] + diagonal[2]
        largest = fnp.argmax(fnp.stack([*diagonal, total], -1), -1)

        def odd(i: int) -> Any:
            j, k = (i + 1) % 3, (i + 2) % 3
            return m[..., k, j] - m[..., j, k]

        quat = fnp.stack([odd(0), odd(1), odd(2), 1.0 + total], -1)
        for i in range(3):  # the largest component is the one to divide by
            parts = [m[..., i, j] + m[..., j, i] for j in range(3)]
            parts[i] = 1.0 - total + 2.0 * diagonal[i]
            other = fnp.stack([*parts, odd(i)], -1)
            quat = fnp.where(fnp.expand_dims(largest == i, -1), other, quat)
        return cls(_unit(quat))

    @classmethod
    def from_mrp(cls, mrp: ArrayLike) -> Rotation:
        """From modified Rodrigues parameters, shape (…, 3): axis · tan(angle / 4)."""
        numbers = _numbers(mrp, 3)
        square = fnp.sum(fnp.square(numbers), -1, keepdims=True)
        return cls(fnp.concatenate([2.0 * numbers, 1.0 - square], -1) / (1.0 + square))

    @classmethod
    def from_euler(cls, seq: str, angles: ArrayLike, degrees: bool = False) -> Rotation:
        """From angles about one to three axes, shape (…, len(seq)), or of one axis a number.

        Lower-case axes stay, upper-case ones turn with the body.
        """
        axes, turning = _axes(seq)
        angles = array_like(angles)
        if len(axes) == 1 and not angles.ndim:
            angles = fnp.expand_dims(angles, 0)
        half = 0.5 * _numbers(angles, len(axes))
        half = fnp.deg2rad(half) if degrees else half
        quat: Any = None
        for i, axis in enumerate(axes):
            parts = [fnp.zeros_like(half[..., i])] * 4
            parts[axis], parts[3] = fnp.sin(half[..., i]), fnp.cos(half[..., i])
            turn = fnp.stack(parts, -1)
            if quat is None:
                quat = turn
            else:
                quat = _product(quat, turn) if turning else _product(turn, quat)
        return cls(quat)

    @classmethod
    def identity(cls, num: int | None = None, dtype: DTypeLike = float) -> Rotation:
        """The rotation that leaves everything where it is, or ``num`` of it."""
        one = np.array([0.0, 0.0, 0.0, 1.0], dtype)
        return cls(one if num is None else np.tile(one, (num, 1)))

    @classmethod
    def random(cls, key: KeyLike, num: int | None = None) -> Rotation:
        """Rotations by a random key, each as likely as any other."""
        return cls(_unit(random.normal(key, (4,) if num is None else (num, 4))))

    @classmethod
    def concatenate(cls, rotations: Sequence[Rotation]) -> Rotation:
        """An array of all these rotations."""
        return cls(fnp.concatenate([fnp.atleast_2d(r.quat) for r in rotations]))

    # --- seen as ---

    def as_quat(self, canonical: bool = False, scalar_first: bool = False) -> ArrayOrScalar:
        """As unit quaternions; canonical ones have w ≥ 0, or else a positive first component."""
        quat = self.quat
        if canonical:
            x, y, z, w = _parts(quat)
            sign = fnp.where(w != 0, w, fnp.where(x != 0, x, fnp.where(y != 0, y, z)))
            quat = fnp.where(fnp.expand_dims(sign < 0, -1), -quat, quat)
        return fnp.roll(quat, 1, -1) if scalar_first else quat

    def as_matrix(self) -> ArrayOrScalar:
        """As matrices, shape (…, 3, 3)."""
        x, y, z, w = _parts(self.quat)
        rows = [
            [x * x - y * y - z * z + w * w, 2.0 * (x * y - z * w), 2.0 * (x * z + y * w)],
            [2.0 * (x * y + z * w), y * y - x * x - z * z + w * w, 2.0 * (y * z - x * w)],
            [2.0 * (x * z - y * w), 2.0 * (y * z + x * w), z * z - x * x - y * y + w * w],
        ]
        return fnp.stack([fnp.stack(row, -1) for row in rows], -2)

    def as_rotvec(self, degrees: bool = False) -> ArrayOrScalar:
        """As axes whose length is the angle, at most π."""
        quat = fnp.where(self.quat[..., 3:] < 0, -self.quat, self.quat)
        vector = quat[..., :3]
        square = fnp.sum(fnp.square(vector), -1, keepdims=True)
        small = square < _SMALL
        sine = fnp.sqrt(fnp.where(small, 1.0, square))
        series = 2.0 + square / 3.0 + 0.15 * fnp.square(square)
        scale = fnp.where(small, series, 2.0 * fnp.arctan2(sine, quat[..., 3:]) / sine)
        return fnp.rad2deg(scale * vector) if degrees else scale * vector

    def as_mrp(self) -> ArrayOrScalar:
        """As modified Rodrigues parameters, shape (…, 3), of length at most 1."""
        quat = fnp.where(self.quat[..., 3:] < 0, -self.quat, self.quat)
        return quat[..., :3] / (1.0 + quat[..., 3:])

    def as_euler(self, seq: str, degrees: bool = False) -> ArrayOrScalar:
        """As angles about three axes, shape (…, 3).

        Where the second angle is such that only the sum or difference of the others counts
        (gimbal lock), the third is 0.
        """
        if len(seq) != 3:
            raise OptionError(f"as_euler got seq={seq!r}.", "Name three axes.")
        axes, turning = _axes(seq)
        i, j, k = axes[::-1] if turning else axes
        symmetric = i == k
        k = 3 - i - j if symmetric else k
        sign = (i - j) * (j - k) * (k - i) // 2
        q, w = _parts(self.quat)[:3], self.quat[..., 3]
        a, b, c, d = w, q[i], q[j], q[k] * sign
        if not symmetric:
            a, b, c, d = w - q[j], q[i] + q[k] * sign, q[j] + w, q[k] * sign - q[i]
        second = 2.0 * fnp.arctan2(fnp.hypot(c, d), fnp.hypot(a, b))
        half_sum, half_difference = fnp.arctan2(b, a), fnp.arctan2(d, c)
        first, third = half_sum - half_difference, half_sum + half_difference
        lone = 2.0 * half_difference * (1.0 if turning else -1.0)
        near_0, near_pi = fnp.absolute(second) <= 1e-7, fnp.absolute(second - math.pi) <= 1e-7
        first, third = (third, first) if turning else (first, third)
        locked = fnp.logical_or(near_0, near_pi)
        first = fnp.where(near_0, 2.0 * half_sum, fnp.where(near_pi, lone, first))
        third = fnp.where(locked, 0.0, third)
        if not symmetric:
            first, third = (first * sign, third) if turning else (first, third * sign)
            second = second - 0.5 * math.pi
        angles = fnp.stack([first, second, third], -1)
        angles = fnp.mod(angles + math.pi, 2.0 * math.pi) - math.pi
        return fnp.rad2deg(angles) if degrees else angles

    # --- done with ---

    def __mul__(self, other: Rotation) -> Rotation:
        """First the other rotation, then this one."""
        return Rotation(_unit(_product(self.quat, other.quat)))

    def inv(self) -> Rotation:
        """The rotation back."""
        return Rotation(self.quat * np.array([-1, -1, -1, 1], self.quat.dtype))

    def apply(self, vectors: ArrayLike, inverse: bool = False) -> ArrayOrScalar:
        """Vectors of shape (…, 3) turned; leading axes broadcast with the rotations'."""
        matrix = self.inv().as_matrix() if inverse else self.as_matrix()
        return fnp.sum(matrix * _numbers(vectors, 3)[..., None, :], -1)

    def magnitude(self) -> ArrayOrScalar:
        """The angles, between 0 and π; no derivative (NaN) at 0."""
        size = fnp.sqrt(fnp.sum(fnp.square(self.quat[..., :3]), -1))
        return 2.0 * fnp.arctan2(size, fnp.absolute(self.quat[..., 3]))

    def mean(self, weights: ArrayLike | None = None) -> Rotation:
        """The rotation that is nearest to all of an array, by squares of chords."""
        count = len(self)
        weights = fnp.ones(count) if weights is None else array_like(weights)
        if weights.shape != (count,):
            raise ShapeError(f"{count} rotations cannot have weights of shape {weights.shape}.")
        moments = (self.quat * weights[:, None]).T @ self.quat
        return Rotation(fnp.linalg.eigh(moments)[1][:, -1])

    @property
    def single(self) -> bool:
        """Whether this is one rotation, and no array."""
        return bool(self.quat.ndim == 1)

    def __len__(self) -> int:
        if self.single:
            raise TypeError("One rotation has no length.")
        return int(self.quat.shape[0])

    def __getitem__(self, index: Any) -> Rotation:
        if self.single:
            raise TypeError("One rotation has no elements.")
        return Rotation(self.quat[index])


register_dataclass(Rotation, ["quat"], [])


@dataclass(frozen=True)
class Slerp:
    """Rotations between rotations: with a constant speed from each to the next.

    Made by :meth:`init`; called with times, it gives the rotations then. Beyond the first and the
    last time it goes on turning. A tree, which goes through transforms.

    >>> T = ft.scipy.spatial.transform
    >>> keys = T.Rotation.from_euler("z", np.array([[0.0], [90.0]]), degrees=True)
    >>> T.Slerp.init(np.array([0.0, 1.0]), keys)(0.5).as_rotvec(degrees=True).round(8)
    array([ 0.,  0., 45.])
    """

    times: Any
    rotations: Rotation
    rotvecs: Any

    @classmethod
    def init(cls, times: ArrayLike, rotations: Rotation) -> Slerp:
        """From two or more ascending times and as many rotations."""
        times = array_like(times)
        if rotations.single or times.shape != (len(rotations),) or len(rotations) < 2:
            raise ShapeError(
                f"Slerp got times of shape {times.shape} and rotations of {rotations.quat.shape}.",
                "Give two or more rotations, and a time for each.",
            )
        turns = rotations[:-1].inv() * rotations[1:]
        return cls(cast(times, rotations.quat.dtype), rotations, turns.as_rotvec())

    def __call__(self, times: ArrayLike) -> Rotation:
        """The rotations at times of any shape."""
        now = array_like(times)
        last = self.times.shape[0] - 2
        i = fnp.clip(fnp.searchsorted(self.times, now) - 1, 0, last)
        begin, end = fnp.take(self.times, i), fnp.take(self.times, i + 1)
        part = fnp.expand_dims((now - begin) / (end - begin), -1)
        turn = Rotation.from_rotvec(part * fnp.take(self.rotvecs, i, 0))
        return Rotation(fnp.take(self.rotations.quat, i, 0)) * turn


register_dataclass(Slerp, ["times", "rotations", "rotvecs"], [])
