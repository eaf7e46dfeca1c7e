// Lines of code: each with a mark that says where it comes from, and with its tabs and trailing blanks visible.

const MOST_COMPARED = 400;

// Stands at the end of a last line that has no line feed; no text has this character itself.
const NO_END = "\0";

function linesOf(text) {
  const lines = text.split("\n");
  if (lines[lines.length - 1] === "") lines.pop();
  else lines[lines.length - 1] += NO_END;
  return lines;
}

// Which lines of `side` are not in `base`, and which of `base` are not in `side`: by the longest common subsequence.
function compared(base, side) {
  const added = new Array(side.length).fill(true);
  const gone = new Array(base.length).fill(true);
  if (base.length <= MOST_COMPARED && side.length <= MOST_COMPARED) {
    const longest = Array.from({ length: base.length + 1 }, () => new Uint16Array(side.length + 1));
    for (let i = base.length - 1; i >= 0; i--) {
      for (let j = side.length - 1; j >= 0; j--) {
        longest[i][j] = base[i] === side[j]
          ? longest[i + 1][j + 1] + 1
          : Math.max(longest[i + 1][j], longest[i][j + 1]);
      }
    }
    for (let i = 0, j = 0; i < base.length && j < side.length;) {
      if (base[i] === side[j]) gone[i++] = added[j++] = false;
      else if (longest[i + 1][j] >= longest[i][j + 1]) i++;
      else j++;
    }
  }
  return { added, gone };
}

// The pieces of a line. A tab and a trailing blank stay what they are, so that copied lines are right: CSS marks them.
function visible(line) {
  if (line.endsWith(NO_END)) return [...visible(line.slice(0, -1)), el("span", { class: "no-end" }, "no line end")];
  const trailing = line.length - line.trimEnd().length;
  const kept = line.length - trailing;
  const pieces = [];
  for (const [index, part] of line.slice(0, kept).split("\t").entries()) {
    if (index) pieces.push(el("span", { class: "tab" }, "\t"));
    if (part) pieces.push(part);
  }
  for (const blank of line.slice(kept)) pieces.push(el("span", { class: blank === "\t" ? "tab end" : "blank" }, blank));
  return pieces;
}

// `marks` are, for each line, a character for the margin, a class, and the meaning for those who hear the page.
function codeBlock(lines, marks) {
  const rows = lines.map((line, index) => {
    const [mark, kind, meaning] = marks[index];
    return el("span", { class: `row ${kind}` },
      el("span", { class: "gutter", title: meaning, "data-mark": mark }, el("span", { class: "heard" }, meaning)),
      el("span", { class: "line" }, ...visible(line), "\n"));
  });
  return el("pre", {}, el("code", {}, ...rows));
}

function sideBlocks(collision, first, second) {
  const [base, ours, theirs] = [collision.base, collision.first, collision.second].map(linesOf);
  const [one, two] = [compared(base, ours), compared(base, theirs)];
  const baseMarks = base.map((_, index) => {
    const by = [one.gone[index] && "1", two.gone[index] && "2"].filter(Boolean).join("");
    const meaning = { 1: `${first} changes this line`, 2: `${second} changes this line`, 12: "both change this line" }[by];
    return by ? [by, "gone", meaning] : [" ", "", ""];
  });
  const sideMarks = (found, name) => found.added.map((added) => (added ? ["+", "added", `from ${name}`] : [" ", "", ""]));
  return {
    base: codeBlock(base, baseMarks),
    first: codeBlock(ours, sideMarks(one, first)),
    second: codeBlock(theirs, sideMarks(two, second)),
  };
}

function mergedBlock(collision, first, second) {
  const base = new Set(linesOf(collision.base));
  const added = (text) => new Set(linesOf(text).filter((line) => !base.has(line)));
  const [ours, theirs] = [added(collision.first), added(collision.second)];
  const lines = linesOf(collision.merged);
  const marks = lines.map((line) => {
    if (/^(<{7}|\|{7}|={7}|>{7})( |$)/.test(line)) return ["!", "marker", "marker of the conflict"];
    if (ours.has(line) && theirs.has(line)) return ["+", "added", "from both"];
    if (ours.has(line)) return ["1", "added", `from ${first}`];
    if (theirs.has(line)) return ["2", "added", `from ${second}`];
    return base.has(line) ? [" ", "", ""] : ["*", "added", "made of both"];
  });
  return codeBlock(lines, marks);
}

// A hunk of a unified diff, with its first column in the margin.
function diffBlock(text) {
  const kinds = { "+": ["+", "added", "added"], "-": ["-", "gone", "removed"], " ": [" ", "", ""] };
  const lines = linesOf(text);
  return codeBlock(
    lines.map((line) => (line[0] in kinds ? line.slice(1) : line)),
    lines.map((line) => kinds[line[0]] ?? [" ", "head", ""]));
}
