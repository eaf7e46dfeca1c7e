// The matrix: only what is to be seen of it is in the document, so sorting and filtering draw it anew.

const view = { rows: [], columns: [], at: [0, 0], grid: null };

const wanted = (id) => byId(id).value.toLowerCase().split(/[\s,]+/).filter(Boolean);
const checkedOutcomes = () =>
  new Set([...document.querySelectorAll("input[name=outcome]:checked")].map((box) => box.value));

function drawMatrix() {
  const shown = checkedOutcomes();
  const order = data.orders[byId("order").value];
  const named = (id) => {
    const words = wanted(id);
    return order.filter((place) => !words.length || words.some((word) => patches[place].name.toLowerCase().includes(word)));
  };
  let [rows, columns] = [named("rows"), named("columns")];
  const isShown = (first, second) => shown.has(pairOf(first, second)?.outcome.id);
  if (shown.size < outcomes.length) {
    rows = rows.filter((first) => columns.some((second) => isShown(first, second)));
    columns = columns.filter((second) => rows.some((first) => isShown(first, second)));
  }
  const before = placesAt(...view.at);
  Object.assign(view, { rows, columns });
  view.grid = buildGrid(rows, columns, isShown);
  byId("grid").replaceChildren(rows.length && columns.length ? view.grid : el("p", { class: "warning" }, "No pair is left: show more outcomes or names."));
  const found = before ? [rows.indexOf(before[0]), columns.indexOf(before[1])] : [0, 0];
  select(found.includes(-1) ? [0, 0] : found, false);
  const count = rows.reduce((sum, first) => sum + columns.filter((second) => isShown(first, second)).length, 0);
  byId("shown").textContent = `${plural(count, "pair")} of ${pairs.size.toLocaleString("en")} shown: ${plural(rows.length, "row")}, ${plural(columns.length, "column")}.`;
}

function buildGrid(rows, columns, isShown) {
  const head = el("tr", {}, el("td", { class: "corner" }, el("span", {}, "first ↓"), " ", el("span", {}, "second →")),
    ...columns.map((place) => el("th", { scope: "col", "data-place": place }, el("span", {}, patches[place].name))));
  const body = el("tbody");
  for (const first of rows) {
    const row = el("tr", {}, el("th", { scope: "row", "data-place": first }, patches[first].name));
    for (const second of columns) row.append(cell(first, second, isShown));
    body.append(row);
  }
  return el("div", { class: "scroll" },
    el("table", { role: "grid", "aria-readonly": "true", "aria-labelledby": "matrix-title" }, el("thead", {}, head), body));
}

function cell(first, second, isShown) {
  const made = document.createElement("td");
  made.tabIndex = -1;
  const pair = pairOf(first, second);
  if (first === second) made.className = "same";
  else if (pair && isShown(first, second)) {
    made.className = `o-${pair.outcome.id}`;
    made.textContent = pair.outcome.mark;
  } else made.className = "off";
  made.setAttribute("aria-label", labelOf(first, second));
  return made;
}

function labelOf(first, second) {
  const [one, two] = [patches[first].name, patches[second].name];
  if (first === second) return `${one} alone: ${patches[first].alone}`;
  const pair = pairOf(first, second);
  if (!pair) return `${one}, then ${two}: not looked at`;
  const places = pair.collisions.length ? `, ${plural(pair.collisions.length, "collision")}` : "";
  return `${one}, then ${two}: ${pair.outcome.id}${places}`;
}

function placesAt(row, column) {
  return row in view.rows && column in view.columns ? [view.rows[row], view.columns[column]] : null;
}

function cellAt(row, column) {
  return view.grid?.querySelector("tbody")?.rows[row]?.cells[column + 1] ?? null;
}

// The row and column of a cell, from 0; null if it is none of the cells for pairs.
function whereIs(node) {
  const found = node.closest?.("tbody td");
  return found && view.grid.contains(found) ? [found.parentNode.rowIndex - 1, found.cellIndex - 1] : null;
}

// Make a cell the one that Tab reaches; with `focus` also go there.
function select(at, focus) {
  cellAt(...view.at)?.setAttribute("tabindex", "-1");
  view.at = at;
  const chosen = cellAt(...at);
  if (!chosen) return;
  chosen.tabIndex = 0;
  if (focus) chosen.focus();
}

function showPlace(at) {
  for (const marked of document.querySelectorAll("th.here")) marked.classList.remove("here");
  const places = at && placesAt(...at);
  if (!places) return;
  view.grid.querySelector("thead tr").cells[at[1] + 1].classList.add("here");
  cellAt(...at).parentNode.cells[0].classList.add("here");
  const note = pairOf(...places)?.note;
  byId("readout").textContent = labelOf(...places) + (note ? `. ${note}` : "");
}

function markOpen(places) {
  for (const marked of document.querySelectorAll("td[aria-selected]")) marked.removeAttribute("aria-selected");
  if (!places) return;
  const at = [view.rows.indexOf(places[0]), view.columns.indexOf(places[1])];
  if (at.includes(-1)) return;
  select(at, false);
  cellAt(...at).setAttribute("aria-selected", "true");
  cellAt(...at).scrollIntoView({ block: "nearest", inline: "nearest" });
}
