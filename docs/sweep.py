"""Draws docs/sweep.svg: how a layer is swept through time, by threads, steps and panels.

python docs/sweep.py
"""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import escape

LENGTHS = [12, 12, 11, 10, 8, 8, 6, 3]  # of the rows, longest first
CHUNK = 4  # steps in a chunk, as drawn
CELL = 30
THREADS = ["#4477aa", "#ee8866"]
INK, FAINT, PANEL = "#222222", "#bbbbbb", ["#ddcc77", "#c7b75f"]


class Drawing:
    """Shapes, in the order in which they are laid on each other."""

    def __init__(self, width: int, height: int) -> None:
        self.size = width, height
        self.shapes = [f'<rect width="{width}" height="{height}" fill="#ffffff"/>']

    def box(self, x: float, y: float, width: float, height: float, fill: str, edge: str = "#ffffff") -> None:
        """A rectangle."""
        place = f'x="{x}" y="{y}" width="{width}" height="{height}"'
        self.shapes.append(f'<rect {place} fill="{fill}" stroke="{edge}" stroke-width="1"/>')

    def text(
        self, x: float, y: float, words: str, size: int = 13, anchor: str = "start", weight: str = "normal"
    ) -> None:
        """Words; `anchor` says what of them stands at x."""
        style = f'font-size="{size}" text-anchor="{anchor}" font-weight="{weight}" fill="{INK}"'
        self.shapes.append(f'<text x="{x}" y="{y}" {style}>{escape(words)}</text>')

    def line(self, x: float, y: float, to_x: float, to_y: float, color: str = INK, arrow: bool = False) -> None:
        """A line, perhaps with a tip."""
        end = ' marker-end="url(#tip)"' if arrow else ""
        ends = f'x1="{x}" y1="{y}" x2="{to_x}" y2="{to_y}"'
        self.shapes.append(f'<line {ends} stroke="{color}" stroke-width="1.5"{end}/>')

    def save(self, path: Path) -> None:
        """Write the file."""
        width, height = self.size
        head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif">'
        tip = (
            '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        )
        tip += f'<path d="M0,0 L8,4 L0,8 z" fill="{INK}"/></marker></defs>'
        path.write_text("\n".join([head, tip, *self.shapes, "</svg>"]) + "\n", encoding="utf-8")


def rows_over_time(d: Drawing, x: float, y: float) -> None:
    """The batch: a row each line, a step each column, a colour each thread."""
    T = max(LENGTHS)
    d.text(x, y - 48, "1. Threads take rows of the batch, longest first", 15, weight="bold")
    for first in range(0, T, CHUNK):
        left, right = x + first * CELL + 3, x + (first + CHUNK) * CELL - 3
        d.line(left, y - 8, right, y - 8)
        d.text((left + right) / 2, y - 14, f"chunk {first // CHUNK + 1}", 12, "middle")
    for row, length in enumerate(LENGTHS):
        thread = row % len(THREADS)
        d.text(x - 8, y + row * CELL + 19, f"thread {thread + 1}", 11, "end")
        for t in range(length):
            d.box(x + t * CELL, y + row * CELL, CELL, CELL, THREADS[thread])
    bottom = y + len(LENGTHS) * CELL
    d.line(x, bottom + 14, x + T * CELL, bottom + 14, arrow=True)
    d.text(x, bottom + 32, "forward: t = 1 ... T", 12)
    d.line(x + T * CELL, bottom + 46, x, bottom + 46, arrow=True)
    d.text(x + T * CELL, bottom + 64, "backward, from the last chunk to the first", 12, "end")
    d.text(x, bottom + 88, "Nothing is done where a row has ended, and no step waits for another", 12)
    d.text(x, bottom + 104, "thread. Few rows: threads share units instead, with a barrier a step.", 12)


def one_chunk(d: Drawing, x: float, y: float) -> None:
    """What a thread does with its rows of a chunk."""
    d.text(x, y - 48, "2. Its rows of one chunk of time, whose gates stay in cache", 15, weight="bold")
    steps = [
        ("gates = b + x W_ih", "all steps of the chunk in one product"),
        ("for each step t:", ""),
        ("   gates<t> += h W_hh", "register tiles, panel by panel"),
        ("   h, c = cell(gates<t>)", "one pass: activations, zoneout, normalisation"),
        ("   output<t> = h", "h is the next step's factor, while it is in cache"),
    ]
    back = [
        ("for each step t, from the end:", ""),
        ("   dgates<t> = cell'(gates<t>)", "the gates were kept where they are"),
        ("   dh = dgates<t> W_hh^T", ""),
        ("dW_hh += dgates^T h", "products over the whole chunk,"),
        ("dW_ih += dgates^T x,  dx = dgates W_ih^T", "while its dgates are still in cache"),
    ]
    for title, lines, top in (("forward", steps, y), ("backward", back, y + 172)):
        d.box(x, top - 22, 620, 150, "#f4f4f4", FAINT)
        d.text(x + 10, top - 4, title, 13, weight="bold")
        for number, (what, why) in enumerate(lines):
            d.text(x + 10, top + 20 + number * 23, what.replace("   ", "\u2003"), 13)
            d.text(x + 315, top + 20 + number * 23, why, 12)
    d.text(
        x,
        y + 322,
        "After one barrier a chunk, threads share the rows of dW: the same sums for any number of threads.",
        12,
    )


def panels(d: Drawing, x: float, y: float) -> None:
    """A product: rows of the state, panels of the weights, a tile in registers."""
    d.text(x, y - 36, "3. Panels: everything a product reads or writes lies side by side", 15, weight="bold")
    size = 15
    d.text(x, y - 8, "h: rows, in panels", 12)
    for panel in range(2):
        d.box(x + panel * 4 * size, y, 4 * size, 8 * size, PANEL[panel], INK)
    d.box(x, y, 8 * size, 3 * size, "none", "#aa3377")
    d.text(x + 9 * size + 4, y + 4 * size, "\u00d7", 20)
    left = x + 11 * size
    d.text(left, y - 8, "W_hh: a panel is two vectors of columns wide", 12)
    for panel in range(4):
        d.box(left + panel * 5 * size, y, 4 * size, 8 * size, PANEL[panel % 2], INK)
        d.line(left + panel * 5 * size + 2 * size, y, left + panel * 5 * size + 2 * size, y + 8 * size, "#ffffff")
    d.box(left + 2 * 5 * size, y, 4 * size, 8 * size, "none", "#aa3377")
    right = left + 22 * size
    d.text(right - size, y + 4 * size, "=", 20)
    d.text(right + size, y - 8, "gates: a tile is summed in registers, then written", 12)
    for panel in range(4):
        d.box(right + size + panel * 5 * size, y, 4 * size, 8 * size, PANEL[panel % 2], INK)
    d.box(right + size + 2 * 5 * size, y, 4 * size, 3 * size, "#aa3377", INK)
    words = (
        "A tile is 12 rows by one panel of 32 columns with AVX-512, 6 rows by 16 with AVX2: as many sums",
        "as there are registers, each weight that is loaded used for all rows of the tile.",
        "Sizes are padded to whole panels, with zeros; weights are packed once a call.",
    )
    for number, line in enumerate(words):
        d.text(x, y + 8 * size + 22 + 16 * number, line, 12)


def main() -> None:
    """Draw and write."""
    d = Drawing(1180, 700)
    rows_over_time(d, 80, 80)
    one_chunk(d, 530, 80)
    panels(d, 30, 510)
    d.save(Path(__file__).with_name("sweep.svg"))


if __name__ == "__main__":
    main()
