// The keyboard: one cell of the matrix is reached by Tab, the arrow keys go on from there.

const PAGE = 10;

function target(event, [row, column]) {
  const [lastRow, lastColumn] = [view.rows.length - 1, view.columns.length - 1];
  const far = event.ctrlKey || event.metaKey;
  switch (event.key) {
    case "ArrowUp": return [far ? 0 : row - 1, column];
    case "ArrowDown": return [far ? lastRow : row + 1, column];
    case "ArrowLeft": return [row, far ? 0 : column - 1];
    case "ArrowRight": return [row, far ? lastColumn : column + 1];
    case "Home": return [far ? 0 : row, 0];
    case "End": return [far ? lastRow : row, lastColumn];
    case "PageUp": return [row - PAGE, column];
    case "PageDown": return [row + PAGE, column];
    case "n": return far ? null : nextToWorkOn([row, column], 1);
    case "p": return far ? null : nextToWorkOn([row, column], -1);
    case "x": return far ? null : otherOrder([row, column]);
    default: return null;
  }
}

function nextToWorkOn([row, column], step) {
  const width = view.columns.length;
  const total = width * view.rows.length;
  for (let moved = 1; moved <= total; moved++) {
    const index = (row * width + column + step * moved + total * 2) % total;
    const at = [Math.floor(index / width), index % width];
    const shown = cellAt(...at);
    if ([...WORK].some((id) => shown.classList.contains(`o-${id}`))) return at;
  }
  return [row, column];
}

function otherOrder([row, column]) {
  const at = [view.rows.indexOf(view.columns[column]), view.columns.indexOf(view.rows[row])];
  return at.includes(-1) ? [row, column] : at;
}

function onGridKey(event) {
  const at = whereIs(event.target);
  if (!at || event.altKey) return;
  if (event.key === "Enter" || event.key === " ") {
    event.preventDefault();
    openAt(placesAt(...at));
    return;
  }
  const next = target(event, at);
  if (!next) return;
  event.preventDefault();
  const within = (value, count) => Math.min(Math.max(value, 0), count - 1);
  select([within(next[0], view.rows.length), within(next[1], view.columns.length)], true);
}

function onPageKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || byId("keys").open) return;
  const typing = event.target.matches?.("input[type=search], select, textarea");
  if (event.key === "Escape" && !byId("panel").hidden) closePanel();
  else if (event.key === "?" && !typing) byId("keys").showModal();
  else if (event.key === "/" && !typing) byId("rows").focus();
  else return;
  event.preventDefault();
}
