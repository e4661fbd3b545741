// The bar that says that the browser is offline.
import { $ } from "./dom.js";

export function startNetwork() {
  const bar = $("[data-offline]");
  if (!bar) return;
  const show = () => { bar.hidden = navigator.onLine; };
  addEventListener("online", show);
  addEventListener("offline", show);
  show();
}
