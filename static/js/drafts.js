// What was typed survives a reload, a lost network and a session that ended; signing out forgets it.
import { $$ } from "./dom.js";

const PREFIX = "kauri:draft:";

function storage() {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}

export function readDraft(key) {
  return storage()?.getItem(PREFIX + key) ?? "";
}

export function keepDraft(key, text) {
  try {
    if (text.trim()) storage()?.setItem(PREFIX + key, text);
    else storage()?.removeItem(PREFIX + key);
  } catch {
    // A full or forbidden storage keeps nothing; the text is still in its field.
  }
}

export function startDrafts() {
  for (const form of $$("[data-sign-out]")) {
    form.addEventListener("submit", () => {
      const kept = storage();
      for (const key of Object.keys(kept ?? {})) if (key.startsWith(PREFIX)) kept.removeItem(key);
    });
  }
}
