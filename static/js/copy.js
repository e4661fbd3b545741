// Copying: a reference, or a whole answer with its sources.
import { $, $$, toast } from "./dom.js";

async function write(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast("copied");
  } catch {
    toast("notCopied");
  }
}

/** The answer as plain text, its markers kept, its sources listed below. */
function answerText(id) {
  const prose = $(`#answer-${id} [data-prose]`);
  const sources = $$(`[data-sources-of="${id}"] [data-source]`).map((card) => {
    const reference = $("[data-copy]", card)?.dataset.copy ?? $(".source-t", card).textContent;
    return `[${card.dataset.source}] ${reference}`;
  });
  // The page holds numbers together with narrow spaces and joiners; a spreadsheet would not read them.
  const text = prose.innerText.trim().replace(/(?<=\d)\u202f(?=\d{3})/g, " ").replaceAll("\u2060", "");
  return [text, ...(sources.length ? ["", ...sources] : [])].join("\n");
}

/** Show the copy buttons below `root`: they do nothing without script or clipboard. */
export function revealCopy(root = document) {
  if (!navigator.clipboard) return;
  for (const button of $$("[data-copy], [data-copy-answer]", root)) button.hidden = false;
}

export function startCopy() {
  revealCopy();
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy], [data-copy-answer]");
    if (!button) return;
    write(button.dataset.copyAnswer ? answerText(button.dataset.copyAnswer) : button.dataset.copy);
  });
}
