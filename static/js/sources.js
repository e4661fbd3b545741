// The margin: which answer's sources it shows, and the way between a citation and its card.
import { $, $$ } from "./dom.js";
import { isOverlay, openPanel } from "./panels.js";

/** Show one answer's sources in the margin. */
export function showSources(id) {
  for (const group of $$("[data-sources-of]")) group.classList.toggle("is-shown", group.dataset.sourcesOf === id);
  // The way back to an answer's sources is of use only while the margin shows another's.
  for (const button of $$("button[data-show-sources]")) button.hidden = button.dataset.showSources === id;
}

function mark(link, card) {
  for (const active of $$(".source.is-active, .cite.is-active")) active.classList.remove("is-active");
  card.classList.add("is-active");
  link.classList.add("is-active");
}

function follow(event, link) {
  const card = document.getElementById(link.getAttribute("href").slice(1));
  const side = card?.closest(".side");
  if (!side) return;
  event.preventDefault();
  showSources(card.closest("[data-sources-of]").dataset.sourcesOf);
  mark(link, card);
  const title = $(".source-t a", card);
  if (isOverlay(side)) openPanel(side, link, title);
  card.scrollIntoView({ block: "nearest" });
  title.focus({ preventScroll: true });
}

export function startSources() {
  const shown = $("[data-sources-of].is-shown");
  if (shown) showSources(shown.dataset.sourcesOf);
  document.addEventListener("click", (event) => {
    const link = event.target.closest(".cite");
    if (link) follow(event, link);
  });
  // Before the panel opens (capture), it must hold the right sources.
  document.addEventListener("click", (event) => {
    const trigger = event.target.closest("[data-show-sources]");
    if (trigger) showSources(trigger.dataset.showSources);
  }, true);
}
