// The graph: whoever points at a patch, or moves to it, sees only its own lines.

function emphasize(name) {
  const drawing = document.querySelector(".drawing");
  drawing.classList.toggle("one", name !== null);
  const near = new Set([name]);
  for (const edge of drawing.querySelectorAll(".edge")) {
    const { first, second } = edge.dataset;
    const own = first === name || second === name;
    edge.classList.toggle("own", own);
    if (own) near.add(first).add(second);
  }
  for (const box of drawing.querySelectorAll(".box")) box.classList.toggle("own", near.has(box.dataset.name));
}

function listenToGraph() {
  const drawing = document.querySelector(".drawing");
  if (!drawing) return;
  const nameOf = (event) => event.target.closest?.(".box")?.dataset.name ?? null;
  for (const kind of ["pointerover", "focusin"]) drawing.addEventListener(kind, (event) => emphasize(nameOf(event)));
  for (const kind of ["pointerleave", "focusout"]) drawing.addEventListener(kind, () => emphasize(null));
}
