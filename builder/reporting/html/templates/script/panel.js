// The panel at the lower edge: everything about one pair, or about one patch alone.

const HOW = {
  same: "both made the same change",
  lines: "they changed neighbouring lines",
  tokens: "they changed other words of the same lines",
  "both-added": "both additions are in it, the first patch's before the second's",
  list: "it is a list: the entries of both are in it",
  function: "both added the same function: it is there once",
  conflict: "it could not settle this, a person must decide",
};

function badge(outcome) {
  return el("span", { class: "badge" },
    el("span", { class: `mark o-${outcome.id}`, "aria-hidden": "true" }, outcome.mark), ` ${outcome.id}`);
}

function fillPanel(first, second) {
  const panel = byId("panel");
  panel.replaceChildren(...(first === second ? aboutPatch(first) : aboutPair(first, second)));
  panel.hidden = false;
  panel.scrollTop = 0;
}

function panelHead(title, ...buttons) {
  return el("div", { class: "panel-head" },
    el("h2", { id: "panel-title", tabindex: "-1" }, ...title),
    ...buttons,
    el("button", { type: "button", onclick: closePanel }, "Close ", el("kbd", {}, "Esc")));
}

function aboutPair(first, second) {
  const [one, two] = [patches[first].name, patches[second].name];
  const pair = pairOf(first, second);
  if (!pair) return [panelHead([`${one}, then ${two}`]), el("p", {}, "This pair was not looked at.")];
  const other = pairOf(second, first);
  const head = panelHead(
    [el("b", {}, one), ", then ", el("b", {}, two), " ", badge(pair.outcome)],
    other ? el("a", { class: "button", href: fragmentOf(second, first) }, "Other order: ", badge(other.outcome)) : null);
  const parts = [head, el("p", { class: "means" }, `The second one ${sentence(pair.outcome.means)}${compiled(pair.compiles)}`)];
  if (pair.note) parts.push(el("p", {}, ...withCode(capital(sentence(pair.note)))));
  const series = seriesOf(first, second);
  if (series.length > 2) parts.push(el("p", {}, `Applied in this order: ${series.join(", ")}.`));
  // What is left to a person comes first; the sort keeps the others in their order.
  const collisions = pair.collisions.map(collisionOf).sort((a, b) => isOpen(b) - isOpen(a));
  parts.push(...collisions.map((collision, index) =>
    aboutCollision(collision, one, two, `${index + 1} of ${collisions.length}`)));
  if (!pair.collisions.length) parts.push(el("p", {}, "No lines are in dispute."));
  return [...parts, ...whatNext(pair)];
}

function whatNext(pair) {
  const parts = [];
  if (pair.advice) parts.push(el("p", { class: "advice" }, ...withCode(pair.advice)));
  const commands = commandsOf(pair).map((command) => el("li", {}, el("code", {}, command)));
  if (commands.length) parts.push(el("ul", { class: "commands" }, ...commands));
  return parts.length ? [el("h3", {}, "What to do next"), ...parts] : [];
}

function compiled(known) {
  if (known === null) return "";
  return known ? " The result compiles." : " The result does not compile.";
}

function aboutCollision(collision, first, second, which) {
  const where = [el("code", {}, collision.path)];
  if (collision.function) where.push(" in ", el("code", {}, `${collision.function}()`));
  if (collision.line) where.push(el("span", { class: "quiet" }, ` from line ${collision.line} of the base`));
  const facts = [capital(sentence(collision.kind)), hunksOf(collision, first, second)];
  if (collision.how) facts.push(`The merge: ${HOW[collision.how] ?? collision.how}.`);
  const parts = [
    el("h3", {}, ...where, el("span", { class: "quiet" }, ` — ${which}`), stateOf(collision)),
    el("p", {}, facts.join(" ")),
  ];
  if (collision.advice) parts.push(el("p", { class: "advice" }, ...withCode(capital(sentence(collision.advice)))));
  if (collision.base || collision.first || collision.second || collision.merged) {
    parts.push(disputed(collision, first, second));
  }
  const hunks = [[collision.firstHunk, collision.firstDiff, first], [collision.secondHunk, collision.secondDiff, second]];
  const known = hunks.filter(([, diff]) => diff);
  if (known.length) {
    parts.push(el("details", {}, el("summary", {}, "The hunks as their patches have them"),
      el("div", { class: "sides two" }, ...known.map(([number, diff, name]) =>
        side(`${name}: hunk ${number}`, diffBlock(diff))))));
  }
  return el("article", { class: "collision" }, ...parts);
}

const isOpen = (collision) => collision.how === "conflict";

// Whether the merge settled it; null if no merge was asked.
function stateOf(collision) {
  if (!collision.how) return null;
  const [id, word] = isOpen(collision) ? ["conflict", "in dispute"] : ["resolved", "settled"];
  const mark = outcomes.find((outcome) => outcome.id === id).mark;
  return el("span", { class: "state" }, el("span", { class: `mark o-${id}`, "aria-hidden": "true" }, mark), ` ${word}`);
}

function disputed(collision, first, second) {
  const blocks = sideBlocks(collision, first, second);
  const columns = [
    side("base", blocks.base), side(`1: ${first}`, blocks.first), side(`2: ${second}`, blocks.second)];
  if (collision.merged) columns.push(side("merged", mergedBlock(collision, first, second)));
  return el("div", { class: `disputed sides ${columns.length === 4 ? "four" : "three"}` }, ...columns);
}

function side(title, block) {
  const empty = !block.textContent;
  return el("figure", { class: "side" },
    el("figcaption", {}, title), empty ? el("p", { class: "quiet" }, "nothing here") : block);
}

// The number 0 stands for the file as a whole, or for no hunk at all.
function hunksOf({ firstHunk, secondHunk }, first, second) {
  if (firstHunk && secondHunk) return `Hunk ${firstHunk} of ${first} meets hunk ${secondHunk} of ${second}.`;
  return firstHunk || secondHunk ? `It is hunk ${firstHunk || secondHunk}.` : "It concerns the file as a whole.";
}

function aboutPatch(place) {
  const patch = patches[place];
  const head = panelHead([el("b", {}, patch.name), " alone"]);
  const needs = patch.needs.length ? `after what it requires (${patch.needs.join(", ")})` : "by itself";
  const bad = [...pairs.values()].filter((pair) =>
    (pair.first === place || pair.second === place) && WORK.has(pair.outcome.id));
  return [
    head,
    el("p", {}, `On ${data.base}, ${needs}: `, el("b", {}, patch.alone), "."),
    el("p", { class: "quiet" }, "SHA-256 ", el("code", { class: "hash" }, patch.sha256)),
    el("h3", {}, bad.length ? `${plural(bad.length, "pair")} that need${bad.length === 1 ? "s" : ""} work` : "It goes with all the others"),
    el("ul", { class: "pairs" }, ...bad.map((pair) => el("li", {},
      el("a", { href: fragmentOf(pair.first, pair.second) },
        `${patches[pair.first].name}, then ${patches[pair.second].name}`), " ", badge(pair.outcome)))),
  ];
}

// What stands between backticks is code.
function withCode(text) {
  return text.split("`").map((part, index) => (index % 2 ? el("code", {}, part) : part));
}

function sentence(text) {
  return /[.!?:]$/.test(text) ? text : `${text}.`;
}

function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
