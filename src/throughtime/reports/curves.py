"""Lines over steps as inline SVG: drawn without any script; a script shows the values under the pointer."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from throughtime.reports.markup import Markup, text

_WIDTH, _HEIGHT = 360, 200
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 10, 10, 24
_MOST = 300  # points of a line
_DECADES = 30.0  # largest by smallest value from which an axis is logarithmic


@dataclass(frozen=True)
class Curve:
    """One line.

    Args:
        name: of it, where there are several.
        steps, values: as many of both; what is no finite number is left out.
        best: the step to be marked.
    """

    name: str
    steps: Sequence[float]
    values: Sequence[float]
    best: float | None = None


def chart(title: str, curves: Sequence[Curve]) -> Markup:
    """Some lines over steps, with what is read off under the pointer or by the arrow keys."""
    thinned = [(curve, _thinned(curve)) for curve in curves]
    points = [point for _, some in thinned for point in some]
    if not points:
        return Markup("")
    across = _Axis.of([x for x, _ in points], (_LEFT, _WIDTH - _RIGHT), logarithmic=False)
    up = _Axis.of([y for _, y in points], (_HEIGHT - _BOTTOM, _TOP))
    marks = [_grid(across, up)]
    for place, (curve, some) in enumerate(thinned):
        path = " ".join(f"{across(x):.1f},{up(y):.1f}" for x, y in some)
        marks.append(f'<polyline class="line l{place % 6}" points="{path}"/>')
        if len(some) == 1 or curve.best is not None:
            marks += [
                f'<circle class="dot l{place % 6}" cx="{across(x):.1f}" cy="{up(y):.1f}" r="3"/>'
                for x, y in some
                if len(some) == 1 or x == curve.best
            ]
    data = [
        {"name": curve.name, "at": [[x, y, round(across(x), 1), round(up(y), 1)] for x, y in some]}
        for curve, some in thinned
    ]
    several = len(curves) > 1
    names = "".join(f'<span class="key l{place % 6}">{text(curve.name)}</span>' for place, curve in enumerate(curves))
    return Markup(
        f'<figure class="chart"><figcaption>{text(title)}{" (logarithmic)" if up.logarithmic else ""}</figcaption>'
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" tabindex="0" aria-label="{text(_told(title, thinned))}" '
        f'data-curves="{text(json.dumps(data))}">{"".join(marks)}<g class="cursor"></g></svg>'
        f"{f'<p class=keys>{names}</p>' if several else ''}"
        f"<output>{'' if several else text(_last(thinned))}</output></figure>"
    )


@dataclass(frozen=True)
class _Axis:
    """From values to places on the drawing."""

    low: float
    high: float
    ends: tuple[float, float]
    logarithmic: bool

    @classmethod
    def of(cls, values: Sequence[float], ends: tuple[float, float], logarithmic: bool | None = None) -> _Axis:
        low, high = min(values), max(values)
        if logarithmic is None:
            logarithmic = low > 0 and high / low >= _DECADES
        if low == high:
            room = abs(low) / 2 or 0.5
            low, high, logarithmic = low - room, high + room, False
        return cls(low, high, ends, logarithmic)

    def __call__(self, value: float) -> float:
        low, high, value = (math.log(v) for v in (self.low, self.high, value)) if self.logarithmic else (
            self.low, self.high, value,
        )  # fmt: skip
        return self.ends[0] + (value - low) / (high - low) * (self.ends[1] - self.ends[0])

    @property
    def ticks(self) -> list[float]:
        """Round values, about four."""
        if self.logarithmic:
            first, last = math.ceil(math.log10(self.low)), math.floor(math.log10(self.high))
            every = max(1, (last - first + 3) // 4)
            tens = [10.0**power for power in range(first, last + 1, every)]
            return tens if len(tens) > 1 else [self.low, *tens, self.high]
        step = 10.0 ** math.floor(math.log10((self.high - self.low) / 3))
        step *= max(factor for factor in (1, 2, 5) if factor * step <= (self.high - self.low) / 3)
        first = math.ceil(self.low / step)
        return [step * at for at in range(first, math.floor(self.high / step + 1e-9) + 1)]


def _grid(across: _Axis, up: _Axis) -> str:
    lines = [
        f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{up(y):.1f}" y2="{up(y):.1f}"/>'
        f'<text class="tick end" x="{_LEFT - 5}" y="{up(y) + 3.5:.1f}">{_short(y)}</text>'
        for y in up.ticks
    ]
    lines += [
        f'<text class="tick middle" x="{min(across(x), _WIDTH - _RIGHT - 8):.1f}" y="{_HEIGHT - 7}">{_short(x)}</text>'
        for x in across.ticks
    ]
    return "".join(lines)


def _short(value: float) -> str:
    """A number beside an axis: 12k for 12,000."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.4g}{letter}"
    return f"{value:.4g}"


def _thinned(curve: Curve) -> list[tuple[float, float]]:
    """At most so many points; of each group those that are lowest and highest, and the best."""
    points = [(x, y) for x, y in zip(curve.steps, curve.values, strict=True) if math.isfinite(x) and math.isfinite(y)]
    if len(points) <= _MOST:
        return points
    size = math.ceil(2 * len(points) / _MOST)
    kept = {points[0], points[-1], *(point for point in points if point[0] == curve.best)}
    for start in range(0, len(points), size):
        group = points[start : start + size]
        kept |= {min(group, key=lambda point: point[1]), max(group, key=lambda point: point[1])}
    return sorted(kept)


def _told(title: str, thinned: Sequence[tuple[Curve, Sequence[tuple[float, float]]]]) -> str:
    """What a picture shows, for those who cannot see it."""
    said = []
    for curve, some in thinned:
        if some:
            (first, before), (last, after) = some[0], some[-1]
            said.append(f"{curve.name} from {before:.4g} at step {first:g} to {after:.4g} at step {last:g}".strip())
    return f"{title}: {'; '.join(said)}. Arrow keys read the values."


def _last(thinned: Sequence[tuple[Curve, Sequence[tuple[float, float]]]]) -> str:
    (curve, some), *_ = thinned
    shown: Mapping[float, float] = dict(some)
    if curve.best is not None and curve.best in shown:
        return f"best {shown[curve.best]:.4g} at step {curve.best:g}"
    return f"last {some[-1][1]:.4g} at step {some[-1][0]:g}"
