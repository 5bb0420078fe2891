"use strict";
// Tables sort by a click on a head, or by the keyboard; numbers by their value, all else by its letters.
for (const table of document.querySelectorAll("table.sorts")) {
  const body = table.tBodies[0];
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    if (!head.textContent) return;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") !== "ascending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const key = row => row.cells[column].dataset.value;
      const compared = (one, other) => {
        const [a, b] = [key(one), key(other)];
        if (a !== undefined && b !== undefined) return a - b;
        return one.cells[column].textContent.localeCompare(other.cells[column].textContent);
      };
      body.append(...[...body.rows].sort((one, other) => up ? compared(one, other) : compared(other, one)));
    });
  });
}

// Curves show their values under the pointer, or step by step under the arrow keys.
for (const svg of document.querySelectorAll(".chart svg")) {
  const curves = JSON.parse(svg.dataset.curves);
  const cursor = svg.querySelector(".cursor"), output = svg.parentElement.querySelector("output");
  const said = output.textContent, longest = curves.reduce((a, b) => b.at.length > a.at.length ? b : a);
  const short = value => Number(value.toPrecision(4)).toString();
  const nearest = (at, x) => at.reduce((a, b) => Math.abs(b[2] - x) < Math.abs(a[2] - x) ? b : a);
  let place = -1;
  const show = x => {
    const points = curves.filter(curve => curve.at.length).map(curve => [curve.name, nearest(curve.at, x)]);
    const [, [, , across]] = points[0];
    cursor.innerHTML = `<line x1="${across}" x2="${across}" y1="10" y2="176"/>`
      + points.map(([, at]) => `<circle cx="${at[2]}" cy="${at[3]}" r="3.5"/>`).join("");
    output.textContent = points.map(([name, at]) => `${name ? name + ", " : ""}step ${at[0]}: ${short(at[1])}`).join("; ");
  };
  const hide = () => { cursor.replaceChildren(); output.textContent = said; place = -1; };
  svg.addEventListener("pointermove", event => {
    const box = svg.getBoundingClientRect();
    show((event.clientX - box.left) / box.width * svg.viewBox.baseVal.width);
  });
  svg.addEventListener("pointerleave", hide);
  svg.addEventListener("blur", hide);
  svg.addEventListener("keydown", event => {
    const by = {ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity}[event.key];
    if (by === undefined) return;
    event.preventDefault();
    place = Math.max(0, Math.min(longest.at.length - 1, place < 0 && by === -1 ? longest.at.length - 1 : place + by));
    show(longest.at[place][2]);
  });
}
