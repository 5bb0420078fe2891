"""Reports in a real browser: no word on its console, no request, and what can be done by hand works."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import throughtime
from helpers.made_run import HOSTILE, made_run

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
RIGHT = np.arange(60) % 4 != 0

pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: apt install chromium")]

# a hand that sorts, points and types; what it saw is told to the page around it
HAND = """
<script>
const root = document.documentElement, seen = {window: innerWidth, wide: root.scrollWidth - root.clientWidth};
const table = document.querySelector("#examples table"), head = table.querySelector("th button");
const numbers = () => [...table.tBodies[0].rows].map(row => Number(row.cells[0].dataset.value));
head.click(); seen.up = numbers();
head.click(); seen.down = numbers(); seen.sort = head.parentElement.getAttribute("aria-sort");
const svg = document.querySelector(".chart svg"), said = svg.parentElement.querySelector("output");
const key = name => svg.dispatchEvent(new KeyboardEvent("keydown", {key: name}));
seen.before = said.textContent;
key("ArrowRight"); seen.first = said.textContent;
key("ArrowRight"); seen.second = said.textContent;
key("End"); seen.last = said.textContent;
const box = svg.getBoundingClientRect();
svg.dispatchEvent(new PointerEvent("pointermove", {clientX: box.left + box.width, clientY: box.top + 9}));
seen.pointed = said.textContent;
svg.dispatchEvent(new PointerEvent("pointerleave")); seen.after = said.textContent;
seen.pictures = [...document.images].map(image => image.complete && image.naturalWidth > 0);
seen.requests = performance.getEntriesByType("resource").map(one => one.name).filter(name => !name.startsWith("data:"));
parent.postMessage(JSON.stringify(seen), "*");
</script>
"""
# no window of Chromium's is as narrow as a phone
PHONE = """<!DOCTYPE html><title></title>
<iframe src="tried.html" style="border: 0; width: 390px; height: 844px"></iframe>
<script>onmessage = message => { document.title = "SEEN" + message.data + "SEEN"; };</script>"""


# what can be said of any page, told to the page around it under the name that stands in its title
EYE = """
<script>
addEventListener("load", () => {
  const root = document.documentElement;
  parent.postMessage(JSON.stringify({name: NAME, width: innerWidth, wide: root.scrollWidth - root.clientWidth,
    sections: document.querySelectorAll("main section").length,
    pictures: [...document.images].every(image => image.complete && image.naturalWidth > 0),
    unnamed: [...document.images].filter(image => !image.alt).length,
    requests: performance.getEntriesByType("resource").map(one => one.name).filter(name => !name.startsWith("data:"))
  }), "*");
});
</script>
"""
STORED = Path(__file__).parents[1] / "tasks" / "stored_runs"
NAMES = sorted(path.name for path in STORED.iterdir() if (path / "run").is_dir())


def seen_in(around: str, folder: Path, *options: str) -> tuple[Any, list[str]]:
    """What a page around others was told, and what the browser's console said."""
    (folder / "phone.html").write_text(around, encoding="utf-8")
    words = [str(CHROMIUM), "--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder / 'profile'}"]
    words += ["--enable-logging=stderr", "--disable-background-networking", "--virtual-time-budget=5000", "--dump-dom"]
    address = (folder / "phone.html").as_uri()
    done = subprocess.run([*words, *options, address], capture_output=True, text=True, check=True, timeout=300)
    found = re.search(r"<title>SEEN(.*)SEEN</title>", done.stdout)
    assert found is not None, done.stderr
    return json.loads(unescape(found[1])), re.findall(r"^.*:CONSOLE.*$", done.stderr, re.MULTILINE)


def opened(page: Path, folder: Path) -> tuple[dict[str, Any], list[str]]:
    """What the hand saw of a page as wide as a phone, and what the browser's console said."""
    source = page.read_text(encoding="utf-8").replace("</body>", f"{HAND}</body>")
    (folder / "tried.html").write_text(source, encoding="utf-8")
    return seen_in(PHONE, folder)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_reports_of_all_applications_open_from_disk(
    scheme: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All pages at once, each as wide as a phone: none says a word, asks for anything, or is wider than it may be."""
    monkeypatch.setenv("THROUGHTIME_CACHE", str(tmp_path / "cache"))
    frames = []
    for name in NAMES:
        page = throughtime.report(STORED / name / "run", out=tmp_path / f"{name}.html")
        assert page.stat().st_size < 1_000_000
        source = page.read_text(encoding="utf-8").replace("</body>", EYE.replace("NAME", json.dumps(name)) + "</body>")
        page.write_text(source, encoding="utf-8")
        frames.append(f'<iframe src="{name}.html" style="border: 0; width: 390px; height: 844px"></iframe>')
    gather = (
        "const all = []; onmessage = message => { all.push(JSON.parse(message.data)); "
        'document.title = "SEEN" + JSON.stringify(all) + "SEEN"; };'
    )
    around = f"<!DOCTYPE html><title></title><script>{gather}</script>{''.join(frames)}"
    dark = ["--blink-settings=preferredColorScheme=0"] if scheme == "dark" else []
    seen, console = seen_in(around, tmp_path, *dark)
    assert console == []
    assert sorted(one["name"] for one in seen) == NAMES
    for one in seen:
        assert one["sections"] >= 4, one
        assert (one["width"], one["wide"], one["pictures"], one["unnamed"], one["requests"]) == (390, 0, True, 0, []), (
            one
        )


def test_a_page_works_at_the_width_of_a_phone_and_asks_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THROUGHTIME_CACHE", str(tmp_path / "cache"))
    run = made_run(tmp_path / "run", RIGHT, words=f"{HOSTILE} {'very long words ' * 9}")
    run.samples.mkdir()
    Image.new("RGB", (300, 300), "red").save(run.samples / "step-0000010.png")
    seen, console = opened(throughtime.report(run.path), tmp_path)
    assert console == []
    assert seen["requests"] == []
    assert seen["window"] == 390
    assert seen["wide"] == 0  # nothing is wider than the window but what scrolls by itself
    assert seen["up"] == sorted(seen["up"])
    assert seen["down"] == sorted(seen["down"], reverse=True)
    assert seen["sort"] == "descending"
    assert [seen[name] for name in ("before", "first", "second", "last", "pointed", "after")] == [
        "best 0.975 at step 40",
        "step 10: 0.9",
        "step 20: 0.95",
        "step 40: 0.975",
        "step 40: 0.975",
        "best 0.975 at step 40",
    ]
    assert seen["pictures"] == [True]
