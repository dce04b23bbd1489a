"""Cosine transforms, interpolation, images and codes: SciPy's values and exact derivatives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.cluster.vq
import scipy.fft
import scipy.integrate
import scipy.interpolate
import scipy.ndimage

import functrans as ft
from functrans.errors import ArgumentError, DtypeError, OptionError, ShapeError
from functrans.scipy import cluster, fft, integrate, interpolate, ndimage
from functrans.testing import check_grads, check_laws

RNG = np.random.default_rng(0)

# --- cosine transforms ---------------------------------------------------------------------------


@pytest.mark.parametrize("type", [1, 2, 3, 4])
@pytest.mark.parametrize("norm", [None, "ortho", "forward"])
def test_cosine_transforms_are_scipys(type: int, norm: str | None) -> None:
    x = RNG.normal(size=(3, 5))

    def all_of_them(module: Any, x: Any) -> Any:
        return (
            module.dct(x, type, norm=norm),
            module.idct(x, type, 7, 0, norm),
            module.dctn(x, type, (4, 6), norm=norm),
            module.idctn(x, type, None, (0,), norm),
            module.idct(module.dct(x, type, norm=norm), type, norm=norm),
        )

    ours = ft.jit(lambda x: all_of_them(fft, x))(x)
    for actual, expected in zip(ours, all_of_them(scipy.fft, x), strict=True):
        np.testing.assert_allclose(actual, expected, atol=1e-12)
    np.testing.assert_allclose(ours[-1], x, atol=1e-12)


def test_cosine_transforms_of_few_points_and_single_precision() -> None:
    for x in (np.array([2.0]), np.array([2.0, 1.0]), np.float32([1, 2, 3])):
        for type in (2, 3, 4):
            expected = scipy.fft.dct(x, type)
            actual = ft.jit(lambda x, t=type: fft.dct(x, t))(x)
            assert actual.dtype == expected.dtype
            np.testing.assert_allclose(actual, expected, rtol=1e-6, atol=1e-6)


def test_cosine_transforms_keep_the_laws() -> None:
    check_laws(lambda x: fft.dct(x, norm="ortho"), (RNG.normal(size=(2, 4)),))


def test_what_cosine_transforms_refuse() -> None:
    for x, type, norm, error in (
        (np.ones(3), 5, None, OptionError),
        (np.ones(3), 2, "unit", OptionError),
        (np.ones(3) * 1j, 2, None, DtypeError),
        (np.ones(1), 1, None, ShapeError),
    ):
        with pytest.raises(error):
            ft.jit(lambda x, t=type, n=norm: fft.dct(x, t, norm=n))(x)


# --- interpolation -------------------------------------------------------------------------------

GRID = (np.array([0.0, 1.0, 3.0]), np.array([-1.0, 0.0, 0.5, 2.0]))
PLACES = np.array([[0.5, 0.1], [3.0, 2.0], [0.0, -1.0], [2.9, 1.9], [4.0, 0.0], [np.nan, 1.0]])


@pytest.mark.parametrize("method", ["linear", "nearest"])
@pytest.mark.parametrize("fill_value", [np.nan, 7.0, None])
def test_interpolation_on_a_grid_is_scipys(method: str, fill_value: float | None) -> None:
    for values in (RNG.normal(size=(3, 4)), RNG.normal(size=(3, 4, 2))):
        theirs = scipy.interpolate.RegularGridInterpolator(GRID, values, method, False, fill_value)
        ours = interpolate.RegularGridInterpolator(GRID, values, method, False, fill_value)
        np.testing.assert_allclose(ft.jit(lambda f, x: f(x))(ours, PLACES), theirs(PLACES))
        apart = tuple(PLACES.T)
        np.testing.assert_allclose(ours(apart), theirs(apart))
        np.testing.assert_allclose(ours(PLACES[0]), theirs(PLACES[0]))


def test_interpolation_has_derivatives_in_places_values_and_grid() -> None:
    def f(x: Any, values: Any, *grid: Any) -> Any:
        return interpolate.RegularGridInterpolator(grid, values)(x)

    check_grads(f, (PLACES[[0, 3]], RNG.normal(size=(3, 4)), *GRID), order=1)


def test_interpolation_keeps_the_laws() -> None:
    for method in ("linear", "nearest"):
        check_laws(
            lambda x, v, m=method: interpolate.RegularGridInterpolator(GRID, v, m)(x),
            (PLACES[[0, 3]] + 0.03, RNG.normal(size=(3, 4))),
        )


def test_what_interpolation_refuses() -> None:
    values = np.ones((3, 4))
    with pytest.raises(ArgumentError, match="ascend"):
        interpolate.RegularGridInterpolator((GRID[0][::-1], GRID[1]), values)
    with pytest.raises(ShapeError, match=r"\(4, 3\)"):
        interpolate.RegularGridInterpolator(GRID[::-1], values)
    with pytest.raises(OptionError, match="bounds_error"):
        interpolate.RegularGridInterpolator(GRID, values, bounds_error=True)
    with pytest.raises(OptionError, match="cubic"):
        interpolate.RegularGridInterpolator(GRID, values)(PLACES, "cubic")
    with pytest.raises(ShapeError, match="2 axes"):
        interpolate.RegularGridInterpolator(GRID, values)(np.ones((2, 3)))


# --- images --------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize("mode", ["grid-constant", "nearest", "grid-wrap", "mirror", "reflect"])
@pytest.mark.parametrize("dtype", [float, int])
def test_places_between_pixels_have_scipys_values(order: int, mode: str, dtype: Any) -> None:
    image = (10.0 * RNG.normal(size=(4, 5))).astype(dtype)
    places = RNG.uniform(-7.0, 9.0, size=(2, 40))
    reference = scipy.ndimage.map_coordinates(image.astype(float), places, None, order, mode, 3.0)
    actual = ft.jit(lambda x, c: ndimage.map_coordinates(x, c, order, mode, 3.0))(image, places)
    assert actual.dtype == dtype
    np.testing.assert_allclose(actual, reference if dtype is float else np.round(reference))


def test_images_have_derivatives_in_pixels_and_places() -> None:
    image, places = RNG.normal(size=(4, 5)), RNG.uniform(-3.0, 6.0, size=(2, 5))
    for mode in ("constant", "reflect"):
        check_grads(
            lambda x, c, m=mode: ndimage.map_coordinates(x, c, 1, m), (image, places), order=1
        )


def test_images_keep_the_laws() -> None:
    image, places = RNG.normal(size=(4, 5)), RNG.uniform(-3.0, 6.0, size=(2, 5))
    check_laws(lambda x, c: ndimage.map_coordinates(x, c, 1, "mirror"), (image, places))
    check_laws(lambda c: ndimage.map_coordinates(image, c, 1, "wrap"), (places,))


def test_what_images_refuse() -> None:
    image = np.ones((2, 2))
    with pytest.raises(ShapeError, match="1 coordinates for 2 axes"):
        ndimage.map_coordinates(image, [0.0], 1)
    with pytest.raises(OptionError, match="order=3"):
        ndimage.map_coordinates(image, [0.0, 0.0], 3)
    with pytest.raises(OptionError, match="mode='fold'"):
        ndimage.map_coordinates(image, [0.0, 0.0], 1, "fold")


# --- codes, integrals ----------------------------------------------------------------------------


def test_codes_are_scipys() -> None:
    points, codes = RNG.normal(size=(6, 3)), RNG.normal(size=(4, 3))
    for args in ((points, codes), (points[:, 0], codes[:, 0])):
        expected = scipy.cluster.vq.vq(*args)
        actual = ft.jit(cluster.vq.vq)(*args)
        np.testing.assert_array_equal(actual[0], expected[0])
        assert actual[0].dtype == expected[0].dtype
        np.testing.assert_allclose(actual[1], expected[1])
    check_grads(lambda p, c: cluster.vq.vq(p, c)[1], (points, codes), order=1)
    with pytest.raises(ShapeError, match=r"\(6, 3\)"):
        ft.jit(cluster.vq.vq)(points, codes[:, :2])


def test_codes_keep_the_laws() -> None:
    check_laws(
        lambda p, c: cluster.vq.vq(p, c)[1], (RNG.normal(size=(5, 3)), RNG.normal(size=(2, 3)))
    )


def test_integrals_are_scipys() -> None:
    y, x = RNG.normal(size=(2, 5)), np.cumsum(RNG.uniform(size=5))
    expected = scipy.integrate.trapezoid(y, x)
    np.testing.assert_allclose(ft.jit(integrate.trapezoid)(y, x), expected)
