// Light or dark: kept in a cookie, so that the server draws the right one from the first byte.
import { $$ } from "./dom.js";

const root = document.documentElement;
const YEAR_S = 31_536_000;

function isDark() {
  if (root.dataset.theme) return root.dataset.theme === "dark";
  return matchMedia("(prefers-color-scheme: dark)").matches;
}

export function startTheme() {
  for (const button of $$("[data-theme-switch]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      root.dataset.theme = isDark() ? "light" : "dark";
      document.cookie = `theme=${root.dataset.theme}; path=/; max-age=${YEAR_S}; samesite=lax`;
    });
  }
}
