// Asking, stopping, running again. A failure never costs a word: the text stays in its field and in this browser.
import { $, $$, part, say } from "./dom.js";
import { clear, focusField, keep, scope, showRunning, text } from "./composer.js";
import { keepDraft, readDraft } from "./drafts.js";
import { followAll, place, running } from "./live.js";

let form = null;
let isAsking = false;
let sent = "";
let lastKey = { request: "", key: "" };

/** One key for one question and its scope, the same when it is sent again after a failure. */
function idempotencyKey(request) {
  if (lastKey.request !== request) {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    lastKey = { request, key: [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("") };
  }
  return lastKey.key;
}

function note(node) {
  $("[data-note]", form).replaceChildren(...(node ? [node] : []));
}

function post(url, body = null, headers = {}) {
  return fetch(url, {
    method: "POST",
    headers: {
      accept: "application/json",
      "content-type": "application/json",
      "x-csrftoken": $("[name=csrfmiddlewaretoken]", form).value,
      ...headers,
    },
    body: JSON.stringify(body ?? {}),
  });
}

/** Say in the page why something did not go through. */
async function explain(response) {
  if (response.status === 401 || response.status === 403) {
    const notice = part("session");
    $("[data-login]", notice).href = `${form.dataset.login}?next=${encodeURIComponent(location.pathname)}`;
    note(notice);
    return;
  }
  const problem = await response.json().catch(() => ({}));
  if (response.status === 409 && problem.code === "turn_running") {
    note(part("running"));
    return;
  }
  const notice = part("problem");
  if (problem.detail) $("[data-text]", notice).textContent = problem.detail;
  note(notice);
}

/** Show that a question is on its way, or no longer so. */
function showSending(isSending) {
  isAsking = isSending;
  if (isSending) form.setAttribute("aria-busy", "true");
  else form.removeAttribute("aria-busy");
}

/**
 * Send what `send()` fetches and hand its JSON to `accept`; every failure is explained and keeps the text.
 * Where `accept` leads to another page it returns true: the question is on its way until that page is there.
 */
async function attempt(send, accept) {
  if (isAsking) return;
  note(null);
  showSending(true);
  let isLeaving = false;
  try {
    const response = await send();
    if (response.ok) isLeaving = Boolean(await accept(response.status === 204 ? {} : await response.json()));
    else await explain(response);
  } catch {
    note(part("network"));
  } finally {
    if (!isLeaving) showSending(false);
  }
}

function onChange() {
  const isRunning = Boolean(running());
  showRunning(isRunning);
  if (!isRunning && $("[data-while-running]", form)) note(null);
}

/** Show a turn that has just begun. */
async function show(conversationId, messageId, replaced = null) {
  const response = await fetch(`/c/${conversationId}/messages/${messageId}/`);
  if (!response.ok) {
    location.assign(`/c/${conversationId}/`);
    return;
  }
  const html = await response.text();
  replaced?.remove();
  const turn = place(html);
  followAll(turn, onChange);
  turn.scrollIntoView({ block: "start" });
}

function ask(question) {
  if (isAsking) return;
  sent = question;
  const conversation = form.dataset.conversation;
  const body = { question, ...scope(), ...(conversation ? { conversation_id: conversation } : {}) };
  const headers = { prefer: "respond-async", "idempotency-key": idempotencyKey(JSON.stringify(body)) };
  say("sending");
  attempt(() => post("/v1/chat/query", body, headers), async (taken) => {
    lastKey = { request: "", key: "" };
    clear(question);
    if (conversation) await show(conversation, taken.message_id);
    else location.assign(`/c/${taken.conversation_id}/`);
    return !conversation;
  });
}

function stop() {
  const answer = running();
  if (answer) attempt(() => post(`/v1/chat/responses/${answer.responseId}/cancel`), () => {});
}

function again(button) {
  if (running()) {
    note(part("running"));
    return;
  }
  const { again: responseId } = button.dataset;
  const headers = { prefer: "respond-async" };
  attempt(() => post(`/v1/chat/responses/${responseId}/regenerate`, null, headers), async (taken) => {
    const conversation = form.dataset.conversation;
    const turn = button.closest("[data-turn]");
    $(`[data-sources-of="${turn.dataset.turn}"]`)?.remove();
    await show(conversation, taken.message_id, turn);
  });
}

function onSubmit(event) {
  const target = event.target;
  if (target.matches("[data-again]")) {
    event.preventDefault();
    again(target);
    return;
  }
  if (!target.matches("[data-ask], [data-suggest]")) return;
  if (event.submitter?.matches("[data-stop]")) {
    event.preventDefault();
    stop();
    return;
  }
  keep();
  // Without an account the server keeps the question and leads to sign-up.
  if (!("signedIn" in form.dataset)) {
    form.setAttribute("aria-busy", "true");
    return;
  }
  event.preventDefault();
  const question = target.matches("[data-suggest]") ? event.submitter.value : text();
  if (!question) focusField();
  // Enter pressed twice on the same question is one question; another one waits in its field.
  else if (running() || (isAsking && question !== sent)) note(part("running"));
  else ask(question);
}

function onKey(event) {
  if (event.key === "Escape" && !event.defaultPrevented && !event.shiftKey && running()) stop();
  if (event.key.toLowerCase() === "o" && event.shiftKey && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    const start = $("[data-new-question]").href;
    if (location.href === start) focusField();
    else location.assign(start);
  }
}

/** A question that waited behind sign-up was kept as a draft of the start page; here it has been asked. */
function dropSpentDraft() {
  const plain = (words) => words.split(/\s+/).filter(Boolean).join(" ");
  const draft = plain(readDraft("start"));
  if (draft && $$(".question").some((question) => plain(question.lastChild.textContent) === draft)) {
    keepDraft("start", "");
  }
}

export function startAsking(composer) {
  form = composer;
  dropSpentDraft();
  // A page that comes back from the browser's own store was left while it was sending.
  addEventListener("pageshow", (event) => { if (event.persisted) showSending(false); });
  document.addEventListener("submit", onSubmit);
  document.addEventListener("keydown", onKey);
  const turns = $$("[data-turn]");
  if (turns.length) followAll(document, onChange);
  // A conversation opens at its latest question, unless the address names a place.
  if (turns.length > 1 && !location.hash) turns.at(-1).scrollIntoView({ block: "start" });
}
