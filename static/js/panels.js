// The drawer (navigation) and the sheet (sources) work without script by :target. With it they are modal.
import { $, $$ } from "./dom.js";

let shown = null;
let opener = null;
let usualRole = null;

export function isOverlay(panel) {
  return getComputedStyle(panel).position === "fixed";
}

export function openPanel(panel, from, focusOn = null) {
  if (shown) closePanel(false);
  shown = panel;
  opener = from;
  usualRole = panel.getAttribute("role");
  panel.classList.add("is-open");
  panel.setAttribute("role", "dialog");
  panel.setAttribute("aria-modal", "true");
  for (const other of panel.parentElement.children) if (other !== panel) other.inert = true;
  (focusOn ?? $("[tabindex='-1'], a, button", panel)).focus();
}

export function closePanel(giveFocusBack = true) {
  if (!shown) return false;
  shown.classList.remove("is-open");
  shown.setAttribute("role", usualRole);
  shown.removeAttribute("aria-modal");
  for (const other of shown.parentElement.children) other.inert = false;
  shown = null;
  if (giveFocusBack) opener?.focus();
  return true;
}

function closeMenus(except) {
  for (const menu of $$("details.menu[open]")) if (!menu.contains(except)) menu.open = false;
}

function onClick(event) {
  closeMenus(event.target);
  const trigger = event.target.closest("[data-open]");
  if (trigger) {
    event.preventDefault();
    openPanel(document.getElementById(trigger.dataset.open), trigger);
    return;
  }
  if (!shown || event.defaultPrevented) return;
  // Inside the panel only its close button closes; outside, the veil does.
  if (event.target.closest("[data-close]") || !shown.contains(event.target)) {
    event.preventDefault();
    closePanel();
  }
}

function onEscape(event) {
  if (event.key !== "Escape") return;
  const menu = $("details.menu[open]");
  if (menu) {
    menu.open = false;
    $("summary", menu).focus();
    event.stopImmediatePropagation();
  } else if (closePanel()) event.stopImmediatePropagation();
}

export function startPanels() {
  document.addEventListener("click", onClick);
  document.addEventListener("keydown", onEscape);
  // A panel that turns into a column again (the window grew) is no dialog any more.
  addEventListener("resize", () => { if (shown && !isOverlay(shown)) closePanel(false); });
}
