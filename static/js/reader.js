// The way back from a text to the answer that cited it, also after a walk through its neighbours.
import { $ } from "./dom.js";

const KEY = "kauri:answer";

function answerBefore() {
  const from = document.referrer && new URL(document.referrer);
  if (from && from.origin === location.origin && from.pathname.startsWith("/c/")) {
    sessionStorage.setItem(KEY, from.pathname);
  }
  return sessionStorage.getItem(KEY);
}

function showPlaceInOutline() {
  const place = $(".outline [aria-current]");
  const list = place?.closest(".outline");
  if (list) list.scrollTop = place.offsetTop - list.offsetTop - list.clientHeight / 2;
}

export function startReader() {
  const link = $("[data-back]");
  if (!link) return;
  showPlaceInOutline();
  const answer = answerBefore();
  if (!answer) return;
  link.href = answer;
  $("span", link).textContent = link.dataset.back;
}
