// The field of the question: its size, its draft, its scope chips, Enter and Escape.
import { $, $$ } from "./dom.js";
import { keepDraft, readDraft } from "./drafts.js";

const form = $("[data-ask]");
const field = form && $("textarea", form);

function fit() {
  if (CSS.supports("field-sizing", "content")) return;
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight}px`;
}

/** Keep the text in this browser; called at each change and after each failure. */
export function keep() {
  keepDraft(form.dataset.draft, field.value);
}

/** Forget what was sent: the server has it. What was typed since stays. */
export function clear(sent) {
  if (text() === sent) field.value = "";
  keep();
  fit();
}

export function text() {
  return field.value.trim();
}

export function focusField() {
  field.focus();
}

/** What the chips say, as the API reads it. */
export function scope() {
  const chosen = new FormData(form);
  const asOf = chosen.get("as_of") === "date" ? chosen.get("as_of_date") : chosen.get("as_of");
  const boxes = $$("[name=namespaces]", form);
  const checked = boxes.filter((box) => box.checked).map((box) => box.value);
  const result = {};
  if (asOf) result.as_of = asOf;
  if (chosen.get("country")) result.country = chosen.get("country");
  if (checked.length && checked.length < boxes.length) result.namespaces = checked;
  return result;
}

function localDay(value) {
  const [year, month, day] = value.split("-").map(Number);
  return new Date(year, month - 1, day).toLocaleDateString(document.documentElement.lang, { dateStyle: "short" });
}

function updateChip(chip) {
  const label = $("[data-chip-label]", chip);
  const summary = $("summary", chip);
  if (chip.dataset.chip === "texts") {
    const boxes = $$("[type=checkbox]", chip);
    const n = boxes.filter((box) => box.checked).length;
    const isAll = n === 0 || n === boxes.length;
    label.textContent = isAll ? label.dataset.all : n;
    summary.classList.toggle("is-set", !isAll);
    return;
  }
  const chosen = $("[type=radio]:checked", chip);
  const day = $("[type=date]", chip)?.value;
  const isDay = chosen?.value === "date";
  if (isDay && !day) return;
  label.textContent = isDay ? localDay(day) : chosen.dataset.label;
  const short = $("[data-chip-short]", chip);
  if (short) short.textContent = chosen.value;
  summary.classList.toggle("is-set", Boolean(chosen.value));
}

function onChipChange(event) {
  const chip = event.target.closest("[data-chip]");
  if (!chip) return;
  if (event.target.type === "date" && event.target.value) $("[value=date]", chip).checked = true;
  if (event.target.value === "date") $("[type=date]", chip).focus();
  updateChip(chip);
}

function onKey(event) {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  // On a phone the key that ends a line ends a line; the button sends.
  if (matchMedia("(pointer: coarse) and (hover: none)").matches) return;
  event.preventDefault();
  form.requestSubmit($("[data-send]", form));
}

/** Show Stop in the place of Ask, or Ask again; the focus stays in that place. */
export function showRunning(isRunning) {
  const send = $("[data-send]", form);
  const stop = $("[data-stop]", form);
  const held = document.activeElement === send || document.activeElement === stop;
  send.hidden = isRunning;
  stop.hidden = !isRunning;
  if (held) (isRunning ? stop : send).focus();
  field.dataset.placeholder ??= field.placeholder;
  field.placeholder = isRunning ? field.dataset.placeholderRunning : field.dataset.placeholder;
}

export function startComposer() {
  if (!form) return null;
  if (!field.value) field.value = readDraft(form.dataset.draft);
  fit();
  field.addEventListener("input", () => { keep(); fit(); });
  field.addEventListener("keydown", onKey);
  form.addEventListener("change", onChipChange);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && event.shiftKey) focusField();
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-rephrase]")) setTimeout(focusField);
  });
  return form;
}
