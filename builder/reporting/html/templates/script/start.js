// Everything is put together: what is open follows the address, so that a pair can be linked to and Back works.

function openAt(places) {
  const fragment = fragmentOf(...places);
  if (location.hash !== fragment) history.pushState(null, "", fragment);
  followAddress();
}

function closePanel() {
  const inside = byId("panel").contains(document.activeElement);
  byId("panel").hidden = true;
  document.body.classList.remove("open");
  markOpen(null);
  history.pushState(null, "", location.pathname + location.search);
  if (inside) cellAt(...view.at)?.focus();
}

function followAddress() {
  const places = placesIn(location.hash);
  if (!places) {
    byId("panel").hidden = true;
    document.body.classList.remove("open");
    markOpen(null);
    if (location.hash.includes("/")) byId("readout").textContent = "The address names a pair that is not on this page.";
    return;
  }
  fillPanel(...places);
  document.body.classList.add("open");
  markOpen(places);
  byId("panel-title").focus({ preventScroll: true });
}

function listen() {
  const grid = byId("grid");
  grid.addEventListener("keydown", onGridKey);
  grid.addEventListener("focusin", (event) => {
    const at = whereIs(event.target);
    if (!at) return;
    select(at, false);
    showPlace(at);
  });
  grid.addEventListener("pointerover", (event) => showPlace(whereIs(event.target)));
  grid.addEventListener("click", (event) => {
    const at = whereIs(event.target);
    if (at) openAt(placesAt(...at));
  });
  const controls = byId("controls");
  controls.addEventListener("submit", (event) => event.preventDefault());
  for (const id of ["rows", "columns"]) byId(id).addEventListener("input", drawMatrix);
  // Not for the fields again when they are left: it is a click on a cell that they are left with.
  controls.addEventListener("change", (event) => {
    if (event.target.type !== "search") drawMatrix();
  });
  byId("start-again").addEventListener("click", () => {
    controls.reset();
    drawMatrix();
  });
  for (const button of controls.querySelectorAll("[data-outcomes]")) {
    button.addEventListener("click", () => {
      const all = button.dataset.outcomes === "all";
      for (const box of document.querySelectorAll("input[name=outcome]")) box.checked = all || WORK.has(box.value);
      drawMatrix();
    });
  }
  byId("help").addEventListener("click", () => byId("keys").showModal());
  document.addEventListener("keydown", onPageKey);
  window.addEventListener("hashchange", followAddress);
  listenToGraph();
}

drawMatrix();
listen();
followAddress();
