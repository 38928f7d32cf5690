"""Clouds of successive epochs turned onto one another, so that only the change moves.

Training is free to turn and to mirror a latent space: the decoder learns the same either way. The
moves that remain after the best turn are those of the samples.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64
from scipy.linalg import svd

from explorer.core.errors import ExplorerError

_OPPOSITE = 1e-6  # sine of an angle below which two directions do not tell a great circle


@dataclass(frozen=True, slots=True, eq=False)
class Alignment:
    """A turn, or a mirroring turn, with a shift: ``(points - centre) @ turn * scale + target``.

    Attributes
    ----------
    turn
        Orthogonal; its determinant is -1 where it mirrors.
    centre, target
        `centre` is moved to `target`; both are 0 on a sphere, which is turned about the origin.
    scale
        1 unless it was asked for.
    """

    turn: Float64[np.ndarray, "axes axes"]
    centre: Float64[np.ndarray, " axes"]
    target: Float64[np.ndarray, " axes"]
    scale: float = 1.0

    @classmethod
    def identity(cls, axes: int) -> Alignment:
        """Return the alignment that moves nothing."""
        return cls(np.eye(axes), np.zeros(axes), np.zeros(axes))

    @property
    def still(self) -> bool:
        """True where it moves nothing, to the last bit."""
        return (
            self.scale == 1.0
            and np.array_equal(self.centre, self.target)
            and np.array_equal(self.turn, np.eye(len(self.turn)))
        )

    @property
    def mirrors(self) -> bool:
        """True where it mirrors: it turns left hands into right ones."""
        return bool(np.linalg.det(self.turn) < 0)

    def then(self, other: Alignment) -> Alignment:
        """Compose this alignment and another one after it."""
        turned = (self.target - other.centre) @ (other.scale * other.turn) + other.target
        return Alignment(self.turn @ other.turn, self.centre, turned, self.scale * other.scale)

    def apply(self, points: Float[np.ndarray, "n axes"]) -> Float[np.ndarray, "n axes"]:
        """Move points, those it was found from or others; their floating type is kept."""
        if self.still:
            return points
        moved: np.ndarray = (points - self.centre) @ (self.scale * self.turn) + self.target
        return moved.astype(points.dtype, copy=False)

    def inverse(self) -> Alignment:
        """Return the alignment that takes points back to where `apply` took them from.

        Raises
        ------
        ExplorerError
            For a scale of 0: all points were brought to one place.
        """
        if not self.scale:
            raise ExplorerError("an alignment that brings all points to one place has no way back.")
        return Alignment(self.turn.T.copy(), self.target, self.centre, 1 / self.scale)


def align(
    points: Float[np.ndarray, "n axes"],
    onto: Float[np.ndarray, "m others"],
    *,
    scale: bool = False,
    sphere: bool = False,
) -> Alignment:
    """Find the alignment that brings points nearest to others, row by row, in the mean squared distance.

    Where that leaves a turn open, as about a line that all points lie on, the smallest turn is taken;
    points that are equal are not moved. A cloud of 60,000 takes 10 ms in the plane, and time grows with
    the cube of the axes: a second at a thousand.

    Parameters
    ----------
    points, onto
        The same samples in the same order: codes, or places of the plane.
    scale
        True to shrink or stretch as well, by one factor, which hides the growth of a cloud.
    sphere
        True where they are points of the unit sphere, which has no shift and no scale.

    Raises
    ------
    ExplorerError
        For points of other number or axes, none, or values that are not finite; for a scale on a sphere.

    References
    ----------
    Schönemann (1966), A generalized solution of the orthogonal Procrustes problem.
    """
    if points.shape != onto.shape or not points.size:
        raise ExplorerError(
            f"{len(points):,} points of {points.shape[1]} axes cannot be aligned with {len(onto):,} of "
            f"{onto.shape[1]}; give the same samples under both, and at least one."
        )
    if sphere and scale:
        raise ExplorerError("points of a sphere cannot be scaled and stay on it; leave scale off.")
    if not (np.isfinite(points).all() and np.isfinite(onto).all()):
        raise ExplorerError("points that are not finite cannot be aligned; train again with a lower rate.")
    if np.array_equal(points, onto):
        return Alignment.identity(points.shape[1])
    source, target = points.astype(np.float64), onto.astype(np.float64)
    centre, middle = np.zeros((2, points.shape[1])) if sphere else (source.mean(0), target.mean(0))
    source -= centre
    target -= middle
    # Brought to one length first, so that no product overflows.
    long, far = (float(np.abs(part).max()) or 1.0 for part in (source, target))
    source /= long
    target /= far
    left, strengths, right = svd(source.T @ target)
    turn = _nearest_to_none(left, strengths, right.T)
    factor = 1.0
    if scale and (squares := float(np.square(source).sum())):
        factor = float(strengths.sum()) / squares * (far / long)
    return Alignment(turn, centre, middle, factor)


def between(
    start: Float[np.ndarray, "n axes"],
    end: Float[np.ndarray, "m others"],
    fraction: float | int,
    *,
    sphere: bool = False,
) -> Float[np.ndarray, "n axes"]:
    """Return points on their way from one epoch to another: straight, or on a sphere along great circles.

    Between antipodes, where no great circle is the shortest, the way leads over the axis with the smallest
    coordinate of the start. At 0 and 1 the points are those given, to the last bit; their floating type is
    kept.

    Parameters
    ----------
    fraction
        Of the way, in [0, 1]; on a sphere of the angle.

    Raises
    ------
    ExplorerError
        For points of other number or axes, or a fraction outside [0, 1].

    References
    ----------
    Shoemake (1985), Animating rotation with quaternion curves (slerp).
    """
    if start.shape != end.shape:
        raise ExplorerError(
            f"no way leads from {len(start):,} points of {start.shape[1]} axes to {len(end):,} of "
            f"{end.shape[1]}; give the same samples under both."
        )
    if not 0 <= fraction <= 1:
        raise ExplorerError(f"{fraction} of the way is not between two epochs; give a share from 0 to 1.")
    if fraction in (0, 1):
        return (end if fraction else start).astype(start.dtype, copy=False)
    if not sphere:
        way = start + (end - start) * start.dtype.type(fraction)
        return way.astype(start.dtype, copy=False)
    return _along_circles(start.astype(np.float64), end.astype(np.float64), fraction).astype(start.dtype)


def _along_circles(
    start: Float64[np.ndarray, "n axes"], end: Float64[np.ndarray, "n axes"], fraction: float | int
) -> Float64[np.ndarray, "n axes"]:
    cosine = np.einsum("ij,ij->i", start, end)
    ahead = end - cosine[:, None] * start  # where each sets out to: length sin(angle), across the start
    sine = np.sqrt(np.einsum("ij,ij->i", ahead, ahead))
    angle = np.arctan2(sine, cosine)
    lost = np.flatnonzero(sine < _OPPOSITE)
    opposite = lost[cosine[lost] < 0]
    if len(opposite):
        axis = np.argmin(np.abs(start[opposite]), axis=1)
        across = -start[opposite, axis, None] * start[opposite]
        across[np.arange(len(opposite)), axis] += 1.0
        ahead[opposite] = across
        sine[opposite] = np.linalg.norm(across, axis=1)
        angle[opposite] = np.pi
    turned = fraction * angle
    # sin(f a) / sin(a) goes to f where the two places are one.
    share = np.where(sine > 0, np.sin(turned) / np.where(sine > 0, sine, 1.0), 0.0)
    way = np.cos(turned)[:, None] * start + share[:, None] * ahead
    unit: np.ndarray = way / np.linalg.norm(way, axis=1, keepdims=True)
    return unit


def _nearest_to_none(
    left: Float64[np.ndarray, "axes axes"],
    strengths: Float64[np.ndarray, " axes"],
    right: Float64[np.ndarray, "axes axes"],
) -> Float64[np.ndarray, "axes axes"]:
    """Return the turn of ``left diag(strengths) right.T``; where strengths are 0, the smallest turn."""
    rank = int(np.count_nonzero(strengths > strengths[0] * len(strengths) * np.finfo(float).eps))
    turn = left[:, :rank] @ right[:, :rank].T
    if rank < len(strengths):
        open_left, open_right = left[:, rank:], right[:, rank:]
        inner, _, outer = svd(open_left.T @ open_right)
        turn = turn + open_left @ inner @ outer @ open_right.T
    found: np.ndarray = turn
    return found
