// The small Markdown of an answer, as nodes: the same subset as kauri/lib/markdown.py. Change both together.

const INLINE = /\\([\\`*_{}[\]()#+\-.!>|~"'$%&,/:;<=?@^])|\*\*(\S(?:[\s\S]*?\S)?)\*\*|\*(\S(?:[^*]*?\S)?)\*|( ?)\[(\d{1,3})\]/g;
const LIST = /^ {0,3}(?:([-*+])|(\d{1,9})[.)])\s+(.*)$/;
const HEADING = /^ {0,3}(#{1,6})\s+(.*?)\s*#*$/;
const QUOTE = /^ {0,3}> ?(.*)$/;
const THOUSANDS = /(?<=\d) (?=\d{3}(?!\d))/g;
const UNBROKEN = /(?<=\S) (?=[;:!?»%])|(?<=«) |(?<=\b[Aa]rts?\.) (?=[\p{L}\p{N}_])|(?<=\bn°) (?=\d)/gu;
const INSIDE_NUMBER = /(?<=\d)-(?=\d)/g;
const RULE_ROW = /^ {0,3}\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/;

function make(tag, className = "") {
  const element = document.createElement(tag);
  if (className) element.className = className;
  return element;
}

/** No line ends before a French mark, within a number, or after "art.": as `lines_kept` of kauri/lib/text.py. */
function joined(text) {
  return text.replace(THOUSANDS, "\u202f").replace(UNBROKEN, "\u00a0").replace(INSIDE_NUMBER, "-\u2060");
}

/** Append `text` to `parent`; `cite(n)` returns the link of [n], or null where n is not known yet. */
function inline(parent, text, cite) {
  let from = 0;
  for (const match of text.matchAll(INLINE)) {
    parent.append(joined(text.slice(from, match.index)));
    from = match.index + match[0].length;
    const [whole, escaped, strong, soft, space, marker] = match;
    if (escaped) parent.append(escaped);
    else if (strong || soft) {
      const element = make(strong ? "strong" : "em");
      inline(element, strong ?? soft, cite);
      parent.append(element);
    } else {
      const link = cite(Number(marker));
      if (link) parent.append(space ? "\u00a0" : "", link);
      else parent.append(whole);
    }
  }
  parent.append(joined(text.slice(from)));
}

function cells(line) {
  const inner = line.trim().replace(/^\|/, "").replace(/\|$/, "");
  return inner.split(/(?<!\\)\|/).map((cell) => cell.trim());
}

function table(lines, cite, label) {
  const ends = cells(lines[1]).map((rule) => /^-+:$/.test(rule));
  const frame = make("div", "table-scroll");
  frame.tabIndex = 0;
  frame.setAttribute("role", "region");
  frame.setAttribute("aria-label", label);
  const grid = make("table", "ledger");
  const head = grid.createTHead();
  const body = grid.createTBody();
  lines.forEach((line, index) => {
    if (index === 1) return;
    const row = (index ? body : head).insertRow();
    cells(line).forEach((text, column) => {
      const cell = make(index ? "td" : "th", ends[column] ? "amt" : "");
      inline(cell, text, cite);
      row.append(cell);
    });
  });
  frame.append(grid);
  return frame;
}

function list(lines, cite) {
  const first = LIST.exec(lines[0]);
  const element = make(first[1] ? "ul" : "ol");
  if (first[2] && first[2] !== "1") element.start = Number(first[2]);
  let entry = null;
  for (const line of lines) {
    const match = LIST.exec(line);
    if (match) {
      entry = make("li");
      inline(entry, match[3], cite);
      element.append(entry);
    } else if (line.trim()) {
      entry.append("\n");
      inline(entry, line.trim(), cite);
    }
  }
  return element;
}

function take(lines, start, isPart) {
  let end = start;
  while (end < lines.length && isPart(lines[end], end)) end += 1;
  return end;
}

function isBlank(line) {
  return !line.trim();
}

/** The next block from `lines[start]`: [node, index of the line after it]. */
function block(lines, start, cite, label) {
  const line = lines[start];
  const heading = HEADING.exec(line);
  if (heading) {
    const element = make(heading[1].length < 3 ? "h3" : "h4");
    inline(element, heading[2], cite);
    return [element, start + 1];
  }
  if (QUOTE.test(line)) {
    const end = take(lines, start, (next) => QUOTE.test(next));
    const element = make("blockquote");
    element.append(...blocks(lines.slice(start, end).map((next) => QUOTE.exec(next)[1]), cite, label));
    return [element, end];
  }
  if (LIST.test(line)) {
    const end = take(lines, start, (next, index) => LIST.test(next) || (!isBlank(next) && index > start) ||
      (isBlank(next) && LIST.test(lines[index + 1] ?? "")));
    return [list(lines.slice(start, end), cite), end];
  }
  if (line.includes("|") && RULE_ROW.test(lines[start + 1] ?? "") && lines[start + 1].includes("-")) {
    const end = take(lines, start, (next) => next.includes("|"));
    return [table(lines.slice(start, end), cite, label), end];
  }
  const end = take(lines, start, (next, index) => !isBlank(next) &&
    (index === start || !(HEADING.test(next) || QUOTE.test(next) || LIST.test(next))));
  const element = make("p");
  inline(element, lines.slice(start, end).map((next) => next.trim()).join("\n"), cite);
  return [element, end];
}

function blocks(lines, cite, label) {
  const nodes = [];
  let at = 0;
  while (at < lines.length) {
    if (isBlank(lines[at])) at += 1;
    else {
      const [node, next] = block(lines, at, cite, label);
      nodes.push(node);
      at = next;
    }
  }
  return nodes;
}

/** Return the nodes of `text`. */
export function render(text, cite, label) {
  return blocks(text.split("\n"), cite, label);
}
