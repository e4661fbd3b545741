// Pieces that every module uses. No words live in script: they come from the page.

export const $ = (selector, root = document) => root.querySelector(selector);
export const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

/** Copy the <template id="part-NAME"> of the page. */
export function part(name) {
  return $(`#part-${name}`).content.cloneNode(true).firstElementChild;
}

/** A sentence of the page with its {places} filled. */
export function word(name, values = {}) {
  const text = $("#part-words").dataset[name] ?? "";
  return text.replace(/\{(\w+)\}/g, (whole, key) => values[key] ?? whole);
}

/** Tell screen readers, and them only. Same words twice are said once. */
export function say(name, values = {}) {
  const line = $("[data-status]");
  const text = (line.dataset[name] ?? "").replace(/\{(\w+)\}/g, (whole, key) => values[key] ?? whole);
  if (line.textContent !== text) line.textContent = text;
}

let leaving = 0;

/** Show a short confirmation for eight seconds. */
export function toast(name) {
  const box = $("[data-toast]");
  box.textContent = box.dataset[name] ?? "";
  clearTimeout(leaving);
  leaving = setTimeout(() => { box.textContent = ""; }, 8000);
}

/** Read the text of a response as nodes of this page. */
export function parse(html) {
  return new DOMParser().parseFromString(html, "text/html").body;
}
