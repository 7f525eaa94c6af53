"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const MOST_ROWS = 200; // shown of a table at first, and more at a time

// SQL: the text of a query stands once in the page, whatever is made of it.
function sqlOf(source, where) {
  const query = data.queries[source.query];
  return where ? `with rows_of_query as (\n${query}\n)\n\nfrom rows_of_query\nwhere ${where};` : `${query};`;
}
for (const details of document.querySelectorAll("details.sql")) {
  details.addEventListener("toggle", () => {
    const source = data.artefacts[details.dataset.artefact].sql[Number(details.dataset.source)];
    details.querySelector("code").textContent = sqlOf(source, source.where);
  });
}

// Theme: the system's choice until the button is pressed.
const theme = document.getElementById("theme");
function setDark(isDark) {
  document.documentElement.classList.toggle("dark", isDark);
  theme.setAttribute("aria-pressed", String(isDark));
}
setDark(matchMedia("(prefers-color-scheme: dark)").matches);
theme.addEventListener("click", () => setDark(theme.getAttribute("aria-pressed") !== "true"));

// Tables: sort by a heading, filter by words; the heading of a block stays above its rows. A long
// table shows its first rows, and more when asked.
const rowsOf = (body) => [...body.rows].filter((row) => !row.classList.contains("heading"));
function sortKey(row, column) {
  const cell = row.cells[column];
  return cell.dataset.value === undefined ? cell.textContent.trim() : Number(cell.dataset.value);
}
const collator = new Intl.Collator(undefined, { numeric: true });
function compare(a, b) {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a === "number") return -1;
  if (typeof b === "number") return 1;
  return collator.compare(a, b);
}
function sortBy(table, heading) {
  const column = heading.cellIndex;
  const isDown = heading.getAttribute("aria-sort") === "ascending";
  table.querySelectorAll("th[aria-sort]").forEach((th) => th.removeAttribute("aria-sort"));
  heading.setAttribute("aria-sort", isDown ? "descending" : "ascending");
  for (const body of table.tBodies) {
    const rows = rowsOf(body).map((row) => [sortKey(row, column), row]);
    rows.sort((a, b) => (isDown ? -1 : 1) * compare(a[0], b[0]));
    body.append(...rows.map(([, row]) => row));
  }
}
function showRows(table, { words, limit, status, more }) {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  let found = 0, total = 0;
  for (const body of table.tBodies) {
    const heading = body.querySelector("tr.heading");
    const above = heading ? heading.textContent.toLowerCase() : "";
    let inBody = 0;
    for (const row of rowsOf(body)) {
      const text = wanted.length ? `${above} ${row.textContent.toLowerCase()}` : "";
      const isWanted = wanted.every((word) => text.includes(word));
      found += isWanted;
      row.hidden = !isWanted || found > limit;
      inBody += !row.hidden;
      total += 1;
    }
    if (heading) heading.hidden = inBody === 0;
  }
  const shown = Math.min(found, limit);
  const left = found - shown;
  more.hidden = left === 0;
  more.textContent = `Show ${Math.min(left, MOST_ROWS)} more`;
  const counted = wanted.length ? `${found} of ${total} rows` : left ? `${total} rows` : "";
  status.textContent = left ? `${counted}, ${shown} shown` : counted;
}
function enlivenTable(table) {
  const bar = document.createElement("div");
  bar.className = "filter";
  const label = document.createElement("label");
  const input = document.createElement("input");
  input.type = "search";
  label.append("Filter rows ", input);
  const status = document.createElement("span");
  status.setAttribute("role", "status");
  const more = document.createElement("button");
  more.type = "button";
  more.className = "more";
  bar.append(label, status, more);
  table.closest(".scroll").before(bar);
  const state = { words: "", limit: MOST_ROWS, status, more };
  const refresh = (change) => showRows(table, Object.assign(state, change));
  table.showAll = () => refresh({ limit: Infinity });
  table.querySelectorAll("tr.labels th").forEach((heading) =>
    heading.querySelector("button").addEventListener("click", () => { sortBy(table, heading); refresh(); }));
  input.addEventListener("input", () => refresh({ words: input.value, limit: MOST_ROWS }));
  more.addEventListener("click", () => refresh({ limit: state.limit + MOST_ROWS }));
  refresh();
  // One stop for the Tab key; arrow keys move among the numbers.
  const links = table.querySelectorAll("td.number a");
  links.forEach((link, index) => { link.tabIndex = index ? -1 : 0; });
  table.addEventListener("keydown", moveAmongNumbers);
}
function moveAmongNumbers(event) {
  const link = event.target.closest("td.number a");
  const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
  if (!link || !step) return;
  const rows = [...event.currentTarget.querySelectorAll("tbody tr:not(.heading):not([hidden])")];
  let row = rows.indexOf(link.closest("tr")), column = link.closest("td").cellIndex;
  do {
    row += step[0];
    column += step[1];
    const next = rows[row]?.cells[column]?.querySelector("a");
    if (next) {
      link.tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
      event.preventDefault();
      return;
    }
  } while (rows[row]?.cells[column]);
}

// Numbers: the SQL that gives exactly this one.
const dialog = document.getElementById("number");
document.addEventListener("click", (event) => {
  const link = event.target.closest("td.number a");
  if (!link) return;
  event.preventDefault();
  const source = data.artefacts[link.closest("table").dataset.artefact].sql[0];
  const where = [source.where, link.dataset.where].filter(Boolean).join(" and ");
  dialog.querySelector("pre code").textContent = sqlOf(source, where);
  dialog.showModal();
});
dialog.querySelector(".copy").addEventListener("click", () => {
  const code = dialog.querySelector("pre code");
  getSelection().selectAllChildren(code);
  document.execCommand("copy");
});

// Figures: zoom, move, and details of marks. The place of details is never hidden, only empty: what
// comes into it is read out.
const details = document.getElementById("details");
function showDetails(mark, x, y) {
  document.querySelectorAll(".mark.current").forEach((other) => other.classList.remove("current"));
  mark.classList.add("current");
  const list = document.createElement("dl");
  for (const [name, value] of mark.details) {
    const term = document.createElement("dt"), description = document.createElement("dd");
    term.textContent = name;
    description.textContent = value;
    list.append(term, description);
  }
  details.replaceChildren(list);
  const box = details.getBoundingClientRect();
  details.style.left = `${Math.min(x + 14, innerWidth - box.width - 8)}px`;
  details.style.top = `${Math.min(y + 14, innerHeight - box.height - 8)}px`;
}
function hideDetails() {
  details.replaceChildren();
  document.querySelectorAll(".mark.current").forEach((mark) => mark.classList.remove("current"));
}
function shown(value) {
  if (typeof value !== "number" || Number.isInteger(value)) return String(value);
  return value.toPrecision(4).replace("-", "−");
}
function marksOf(svg) {
  const marks = [];
  for (const [gid, table] of Object.entries(data.artefacts[svg.dataset.artefact].hover)) {
    const uses = document.getElementById(gid)?.querySelectorAll("use") ?? [];
    if (uses.length !== table.rows.length) continue;
    uses.forEach((mark, index) => {
      mark.classList.add("mark");
      mark.details = table.columns
        .map((name, column) => [name, table.rows[index][column]])
        .filter(([, value]) => value !== null)
        .map(([name, value]) => [name, shown(value)]);
      mark.addEventListener("pointerenter", (event) => showDetails(mark, event.clientX, event.clientY));
      mark.addEventListener("pointerleave", hideDetails);
      marks.push(mark);
    });
  }
  return marks;
}
function zoomable(svg) {
  const whole = svg.getAttribute("viewBox").split(/\s+/).map(Number);
  let [x, y, width, height] = whole;
  const apply = () => svg.setAttribute("viewBox", `${x} ${y} ${width} ${height}`);
  const move = (u, v) => {
    x = Math.min(Math.max(x + u, 0), whole[2] - width);
    y = Math.min(Math.max(y + v, 0), whole[3] - height);
    apply();
  };
  const zoom = (factor, u = 0.5, v = 0.5) => {
    const next = Math.min(whole[2], Math.max(whole[2] / 20, width / factor));
    const [left, above] = [(width - next) * u, (height - (next * whole[3]) / whole[2]) * v];
    width = next;
    height = (next * whole[3]) / whole[2];
    move(left, above);
  };
  const reset = () => { [x, y, width, height] = whole; apply(); };
  svg.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const box = svg.getBoundingClientRect();
    zoom(event.deltaY < 0 ? 1.2 : 1 / 1.2, (event.clientX - box.x) / box.width, (event.clientY - box.y) / box.height);
  }, { passive: false });
  svg.addEventListener("pointermove", (event) => {
    if (!(event.buttons & 1)) return;
    const scale = width / svg.getBoundingClientRect().width;
    move(-event.movementX * scale, -event.movementY * scale);
  });
  const tools = document.createElement("div");
  tools.className = "tools";
  for (const [label, name, act] of [["+", "zoom in", () => zoom(1.5)], ["−", "zoom out", () => zoom(1 / 1.5)], ["0", "whole figure", reset]]) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = label;
    button.setAttribute("aria-label", `${label}: ${name}`);
    button.addEventListener("click", act);
    tools.append(button);
  }
  svg.closest(".drawing").after(tools);
  const by = (u, v) => () => move((u * width) / 10, (v * height) / 10);
  return {
    "+": () => zoom(1.5), "=": () => zoom(1.5), "-": () => zoom(1 / 1.5), "0": reset,
    "Shift ArrowLeft": by(-1, 0), "Shift ArrowRight": by(1, 0), "Shift ArrowUp": by(0, -1), "Shift ArrowDown": by(0, 1),
  };
}
function enlivenFigure(svg) {
  const keys = zoomable(svg);
  const marks = marksOf(svg);
  if (marks.length) svg.setAttribute("role", "application");
  let current = -1;
  svg.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") { hideDetails(); return; }
    const act = keys[event.key] ?? keys[event.shiftKey ? `Shift ${event.key}` : ""];
    if (act) { act(); event.preventDefault(); return; }
    if (!step || !marks.length) return;
    event.preventDefault();
    current = (current + step + marks.length) % marks.length;
    const box = marks[current].getBoundingClientRect();
    showDetails(marks[current], box.right, box.bottom);
  });
  svg.addEventListener("blur", hideDetails);
}

// Large tables and figures wait as text, and are made when they come near; all of them for print.
function enliven(root) {
  root.querySelectorAll("table").forEach(enlivenTable);
  root.querySelectorAll(".drawing svg").forEach(enlivenFigure);
}
function fetchLater(place) {
  const holder = place.parentElement;
  holder.innerHTML = document.getElementById(place.dataset.later).textContent;
  enliven(holder.parentElement);
}
const near = new IntersectionObserver((entries) => {
  for (const entry of entries) if (entry.isIntersecting) { near.unobserve(entry.target); fetchLater(entry.target); }
}, { rootMargin: "600px" });
enliven(document);
document.querySelectorAll("[data-later]").forEach((place) => near.observe(place));
addEventListener("beforeprint", () => {
  document.querySelectorAll("[data-later]").forEach((place) => { near.unobserve(place); fetchLater(place); });
  document.querySelectorAll("table").forEach((table) => table.showAll());
});
