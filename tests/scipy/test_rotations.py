"""Rotations: SciPy's values in every form, and derivatives at the identity, too."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.spatial.transform

import functrans as ft
from functrans.errors import OptionError, ShapeError
from functrans.scipy.spatial.transform import Rotation, Slerp
from functrans.testing import check_grads, check_laws

Theirs = scipy.spatial.transform.Rotation
QUATS = Theirs.random(8, random_state=0).as_quat()
VECTORS = np.random.default_rng(0).normal(size=(8, 3))


@pytest.mark.parametrize("quat", [QUATS, QUATS[0]])
def test_rotations_are_seen_as_scipy_sees_them(quat: Any) -> None:
    def forms(r: Any) -> Any:
        inverse = r.inv()
        return (
            r.as_quat(canonical=True), r.as_quat(scalar_first=True), r.as_matrix(), r.as_mrp(),
            r.as_rotvec(), r.as_rotvec(degrees=True), r.magnitude(), inverse.as_quat(),
            (r * r).as_quat(), r.apply(VECTORS), r.apply(VECTORS[0], inverse=True),
        )  # fmt: skip

    ours = ft.jit(lambda q: forms(Rotation.from_quat(2.0 * q)))(quat)
    for actual, expected in zip(ours, forms(Theirs.from_quat(quat)), strict=True):
        np.testing.assert_allclose(actual, expected, 1e-12, 1e-12)


def test_rotations_are_made_from_every_form() -> None:
    theirs = Theirs.from_quat(QUATS)
    expected = theirs.as_matrix()
    for name in ("rotvec", "matrix", "mrp"):
        made = ft.jit(getattr(Rotation, f"from_{name}"))(getattr(theirs, f"as_{name}")())
        np.testing.assert_allclose(made.as_matrix(), expected, 1e-12, 1e-12)
    for axis in np.eye(3):  # half turns, whose quaternions have w = 0
        half = 2.0 * np.outer(axis, axis) - np.eye(3)
        np.testing.assert_allclose(Rotation.from_matrix(half).as_matrix(), half, atol=1e-15)


@pytest.mark.parametrize("seq", ["xyz", "ZYX", "zxz", "YXY", "yzx"])
def test_angles_of_euler_are_scipys(seq: str) -> None:
    theirs = Theirs.from_quat(QUATS)
    angles = ft.jit(lambda q: Rotation(q).as_euler(seq))(QUATS)
    np.testing.assert_allclose(angles, theirs.as_euler(seq), 1e-10)
    degrees = Rotation(QUATS).as_euler(seq, degrees=True)
    made = ft.jit(lambda a: Rotation.from_euler(seq, a, degrees=True))(degrees)
    np.testing.assert_allclose(made.as_matrix(), theirs.as_matrix(), 1e-12, 1e-12)
    # Where two axes coincide, the third angle is 0 and the rotation is the same.
    for second in (0.0, np.pi / 2, -np.pi / 2, np.pi):
        locked = Rotation.from_euler(seq, np.array([0.3, second, 0.4]))
        again = locked.as_euler(seq)
        restored = Rotation.from_euler(seq, again)
        np.testing.assert_allclose(restored.as_matrix(), locked.as_matrix(), atol=1e-7)


def test_angles_about_one_axis() -> None:
    assert Rotation.from_euler("x", 0.5).single
    angles = np.array([[0.1], [0.2]])
    expected = Theirs.from_euler("x", angles).as_quat()
    np.testing.assert_allclose(Rotation.from_euler("x", angles).as_quat(), expected)


def test_derivatives_are_right_at_the_identity_and_elsewhere() -> None:
    def there_and_back(v: Any) -> Any:
        return Rotation.from_rotvec(v).as_rotvec()

    for v in (np.zeros(3), np.array([1e-4, 0.0, 2e-4]), np.array([0.5, -1.0, 0.2])):
        np.testing.assert_allclose(ft.jacfwd(there_and_back)(v), np.eye(3), atol=1e-9)
        np.testing.assert_allclose(ft.jacrev(there_and_back)(v), np.eye(3), atol=1e-9)
    check_grads(lambda v: Rotation.from_rotvec(v).as_euler("xyz"), (VECTORS[:2],), order=1)
    check_grads(lambda v: Rotation.from_matrix(Rotation.from_rotvec(v).as_matrix()).quat,
                (VECTORS[:2],), order=1)  # fmt: skip


def test_means_arrays_and_random_rotations() -> None:
    rotations, theirs = Rotation(QUATS), Theirs.from_quat(QUATS)
    weights = np.arange(1.0, 9.0)
    for given in (None, weights):
        expected = theirs.mean(given).as_matrix()
        np.testing.assert_allclose(rotations.mean(given).as_matrix(), expected, 1e-10, 1e-10)
    both = Rotation.concatenate([rotations, rotations[0]])
    assert len(both) == 9
    np.testing.assert_array_equal(both[-1].quat, QUATS[0])
    assert Rotation.identity(2).quat.tolist() == [[0, 0, 0, 1]] * 2
    drawn = Rotation.random(ft.random.key(0), 2000).as_matrix()
    np.testing.assert_allclose(np.linalg.det(drawn), 1.0)
    np.testing.assert_allclose(drawn.mean(0), np.zeros((3, 3)), atol=0.05)


def test_rotations_between_rotations_are_scipys() -> None:
    times, between = np.array([0.0, 1.0, 3.0]), np.array([0.0, 0.3, 1.0, 2.9, 3.0])
    theirs = scipy.spatial.transform.Slerp(times, Theirs.from_quat(QUATS[:3]))(between)
    turning = ft.jit(lambda q, t: Slerp.init(times, Rotation(q))(t))
    np.testing.assert_allclose(
        turning(QUATS[:3], between).as_matrix(), theirs.as_matrix(), 1e-12, 1e-12
    )
    assert turning(QUATS[:3], 0.3).single
    check_grads(lambda t: Slerp.init(times, Rotation(QUATS[:3]))(t).as_matrix(),
                (np.array([0.3, 2.0]),), order=1)  # fmt: skip


def test_rotations_keep_the_laws() -> None:
    def angles(v: Any, w: Any) -> Any:
        return (Rotation.from_rotvec(v) * Rotation.from_mrp(w)).as_euler("xyz")

    check_laws(angles, (0.2 * VECTORS[:3], 0.2 * VECTORS[3:6]))
    check_laws(lambda v: Rotation.from_rotvec(v).mean().as_matrix(), (0.3 * VECTORS[:3],))
    check_laws(
        lambda t, v: Slerp.init(np.arange(3.0), Rotation.from_rotvec(v))(t).as_matrix(),
        (np.array([0.2, 1.5]), VECTORS[:3]),
    )


def test_what_rotations_refuse() -> None:
    for seq in ("", "xyw", "xYz", "xxz", "xyzx"):
        with pytest.raises(OptionError, match="seq="):
            Rotation.from_euler(seq, np.zeros(3))
    with pytest.raises(OptionError, match="three axes"):
        Rotation.identity().as_euler("xy")
    for wrong in (
        lambda: Rotation.from_quat(np.ones(3)),
        lambda: Rotation.from_matrix(np.ones(3)),
        lambda: Rotation.from_euler("xy", np.ones(3)),
        lambda: Rotation(QUATS).mean(np.ones(3)),
        lambda: Slerp.init(np.ones(3), Rotation(QUATS)),
        lambda: Slerp.init(np.ones(1), Rotation(QUATS[0])),
    ):
        with pytest.raises(ShapeError):
            wrong()
    for act in (len, lambda r: r[0]):
        with pytest.raises(TypeError, match="One rotation"):
            act(Rotation.identity())
