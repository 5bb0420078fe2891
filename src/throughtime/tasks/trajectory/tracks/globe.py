"""From degrees of latitude and longitude to metres on a map: the Universal Transverse Mercator projection."""

from __future__ import annotations

import numpy as np

_RADIUS, _FLATTENING = 6_378_137.0, 1 / 298.257223563  # metres; WGS 84
_SCALE = 0.9996
_EAST, _NORTH_OF_SOUTH = 500_000.0, 10_000_000.0  # metres that are added, so that no coordinate is negative
_N = _FLATTENING / (2 - _FLATTENING)
_ALPHA = (
    _N / 2 - 2 / 3 * _N**2 + 5 / 16 * _N**3 + 41 / 180 * _N**4,
    13 / 48 * _N**2 - 3 / 5 * _N**3 + 557 / 1440 * _N**4,
    61 / 240 * _N**3 - 103 / 140 * _N**4,
    49561 / 161280 * _N**4,
)


def zone_of(longitude: float) -> int:
    """The zone, 1 to 60, that a longitude lies in.

    Example:
        >>> zone_of(-180.0), zone_of(12.5), zone_of(180.0)
        (1, 33, 60)
    """
    return min(int((longitude + 180) // 6), 59) + 1


def to_metres(degrees: np.ndarray, zone: int, south: bool = False) -> np.ndarray:
    """Krüger's series to the fourth order, exact to a micrometre within some zones (Karney 2011).

    Args:
        degrees: (N, 2), latitude and longitude; NaN stays NaN.
        zone: whose map it is; places beside it are on it too.
        south: count from 10,000 km south of the equator.

    Returns:
        (N, 2), metres east and north.

    Example:
        >>> to_metres(np.array([[0.0, 9.0]]), zone=32).tolist()
        [[500000.0, 0.0]]
    """
    latitude, longitude = np.radians(degrees.T)
    middle = np.radians(6 * zone - 183)
    away = np.remainder(longitude - middle + np.pi, 2 * np.pi) - np.pi
    root = 2 * np.sqrt(_N) / (1 + _N)
    sine = np.sin(latitude)
    conformal = np.sinh(np.arctanh(sine) - root * np.arctanh(root * sine))
    north = np.arctan2(conformal, np.cos(away))
    east = np.arctanh(np.sin(away) / np.hypot(1, conformal))
    xi, eta = north.copy(), east.copy()
    for order, alpha in enumerate(_ALPHA, 1):
        xi += alpha * np.sin(2 * order * north) * np.cosh(2 * order * east)
        eta += alpha * np.cos(2 * order * north) * np.sinh(2 * order * east)
    rectifying = _RADIUS / (1 + _N) * (1 + _N**2 / 4 + _N**4 / 64)
    begin = _NORTH_OF_SOUTH if south else 0.0
    return np.stack([_EAST + _SCALE * rectifying * eta, begin + _SCALE * rectifying * xi], axis=1)
