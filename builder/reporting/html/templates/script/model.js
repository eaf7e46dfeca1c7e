// What the page was given, with texts in the place of their numbers. Patches are named by their places in the list.
const data = JSON.parse(byId("data").textContent);
const patches = data.patches;
const outcomes = data.outcomes;
const WORK = new Set(outcomes.filter((outcome) => outcome.work).map((outcome) => outcome.id));

const pairs = new Map();
for (const [first, second, outcome, compiles, note, advice, refused, collisions] of data.pairs) {
  pairs.set(first * patches.length + second, {
    first, second, compiles, refused, collisions,
    outcome: outcomes[outcome], note: data.texts[note], advice: data.texts[advice],
  });
}

function pairOf(first, second) {
  return pairs.get(first * patches.length + second);
}

function collisionOf(number) {
  const [path, fn, kind, firstHunk, secondHunk, line, base, first, second, merged, how, advice, firstDiff, secondDiff] =
    data.collisions[number];
  const text = (at) => data.texts[at];
  return {
    path: text(path), function: text(fn), kind: text(kind), firstHunk, secondHunk, line,
    base: text(base), first: text(first), second: text(second), merged: text(merged),
    how: text(how), advice: text(advice), firstDiff: text(firstDiff), secondDiff: text(secondDiff),
  };
}

// Patches in the order in which they are applied: what the first needs, the first, what the second still needs, it.
function seriesOf(first, second) {
  const names = [...patches[first].needs, patches[first].name, ...patches[second].needs, patches[second].name];
  return [...new Set(names)];
}

function flagsOf(names) {
  const typed = new Map(patches.map((patch) => [patch.name, patch.typed]));
  return names.map((name) => `--patch ${typed.get(name) ?? name}`).join(" ");
}

// What to type next, but for what the advice says already. Of patches that no recipe may have, there is nothing.
function commandsOf(pair) {
  if (pair.refused) return [];
  const [first, second] = [patches[pair.first], patches[pair.second]];
  const words = {
    on: data.on,
    first: first.typed,
    second: second.typed,
    pair: flagsOf([first.name, second.name]),
    series: flagsOf(seriesOf(pair.first, pair.second)),
  };
  return pair.outcome.commands
    .map(([command, inputs]) => `${command.replace(/\{(\w+)\}/g, (_, word) => words[word])} ${inputs}`.trim())
    .filter((command) => !pair.advice.includes(`\`${command}\``));
}

const fragmentOf = (first, second) =>
  `#${encodeURIComponent(patches[first].name)}/${encodeURIComponent(patches[second].name)}`;

// The two patches that a fragment names, or null.
function placesIn(fragment) {
  const [first, second, ...more] = fragment.slice(1).split("/");
  if (second === undefined || more.length) return null;
  const places = [first, second].map((part) => {
    try {
      const name = decodeURIComponent(part);
      return patches.findIndex((patch) => patch.name === name);
    } catch {
      return -1; // A lone "%" is no name.
    }
  });
  return places.includes(-1) ? null : places;
}
