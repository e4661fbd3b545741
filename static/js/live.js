// One answer on its way: events in, steps, text and sources out. When it has ended the server's own rendering
// takes its place, so that a streamed answer and a saved one look the same.
import { $, $$, parse, part, say, word } from "./dom.js";
import { revealCopy } from "./copy.js";
import { render } from "./markdown.js";
import { showSources } from "./sources.js";

const ENDS = ["response.completed", "response.incomplete", "response.failed"];
const REOPEN_MS = [1000, 3000, 8000, 15000];
const NEAR_PX = 160;

const live = new Map();

/** The answer under way on this page, if any. */
export function running() {
  return [...live.values()][0] ?? null;
}

/** Follow every answer below `root` that has not ended. `onChange` is told when one starts or ends. */
export function followAll(root, onChange) {
  for (const article of $$("[data-stream]", root)) {
    const answer = new LiveAnswer(article, onChange);
    live.set(answer.responseId, answer);
    answer.open();
  }
  onChange();
}

/** Put a fragment (a turn and its sources) on the page, in place of what it replaces. */
export function place(html) {
  const fragment = parse(html);
  const turn = $("[data-turn]", fragment);
  const sources = $("[data-sources-of]", fragment);
  if (!turn || !sources) return null;
  const old = document.getElementById(turn.id);
  const oldSources = document.getElementById(sources.id);
  if (old) old.replaceWith(turn);
  else {
    // Only the latest answer can be run again: an earlier one would drop what came after it.
    for (const form of $$("[data-again]")) form.remove();
    $("[data-thread]").append(turn);
  }
  if (oldSources) oldSources.replaceWith(sources); else $("[data-sources-list]").append(sources);
  revealCopy(turn);
  revealCopy(sources);
  showSources(turn.dataset.turn);
  return turn;
}

/** True while the reader follows the end of the page. */
function isNearEnd() {
  return document.documentElement.scrollHeight - scrollY - innerHeight < NEAR_PX;
}

/** Scroll to the end of a turn, but never so far that its question slips under the bar. */
function followEnd(turn) {
  const room = turn.getBoundingClientRect().top - parseFloat(getComputedStyle(turn).scrollMarginTop);
  const below = document.documentElement.scrollHeight - scrollY - innerHeight;
  const by = Math.min(below, room);
  if (by > 0) scrollBy(0, by);
}

class LiveAnswer {
  constructor(article, onChange) {
    this.article = article;
    this.onChange = onChange;
    this.id = article.dataset.answer;
    this.responseId = article.dataset.response;
    this.tries = 0;
    this.reset();
  }

  reset() {
    this.text = "";
    this.citations = new Map();
  }

  open() {
    this.reset();
    const source = new EventSource(this.article.dataset.stream);
    this.source = source;
    const on = (name, act) => source.addEventListener(name, (event) => act(JSON.parse(event.data)));
    source.addEventListener("open", () => this.onOpen());
    source.addEventListener("error", () => this.onError());
    on("kauri.retrieval.searching", (event) => this.onSearching(event));
    on("kauri.retrieval.completed", (event) => this.onRetrieved(event));
    on("response.output_text.delta", (event) => this.onDelta(event.delta));
    on("response.output_text.annotation.added", (event) => this.onAnnotation(event.annotation));
    on("kauri.answer.restarted", () => { this.reset(); this.clearSources(); this.draw(); });
    on("response.refusal.done", (event) => this.onDelta(event.refusal ?? event.text ?? ""));
    for (const name of ENDS) on(name, () => this.finish());
  }

  onOpen() {
    this.tries = 0;
    $("[data-reconnecting]", this.article).hidden = true;
  }

  async onError() {
    $("[data-reconnecting]", this.article).hidden = false;
    // While it reconnects by itself (with Last-Event-ID) there is nothing to do.
    if (this.source.readyState !== EventSource.CLOSED) return;
    const state = await this.ask();
    if (state === "gone") this.finish();
    else if (state === "signed-out") this.lose("session");
    else {
      const wait = REOPEN_MS[Math.min(this.tries, REOPEN_MS.length - 1)];
      this.tries += 1;
      setTimeout(() => this.open(), wait);
    }
  }

  /** Ask where the answer stands after a stream that the server refused: "gone", "signed-out" or "away". */
  async ask() {
    try {
      const response = await fetch(`/v1/chat/responses/${this.responseId}`, { headers: { accept: "application/json" } });
      if (response.status === 401 || response.status === 403) return "signed-out";
      if (response.status >= 500) return "away";
      const { status } = response.ok ? await response.json() : { status: "gone" };
      return status === "in_progress" || status === "queued" ? "away" : "gone";
    } catch {
      return "away";
    }
  }

  onSearching(event) {
    const labels = (event.labels ?? []).join(", ");
    this.step(labels ? word("understood", { labels }) : word("understoodPlain"), word("searching"));
    say("searching");
  }

  onRetrieved(event) {
    const n = event.n ?? 0;
    const found = n === 0 ? "foundNone" : n === 1 ? "foundOne" : "found";
    this.step(word(found, { n }), word("writing"));
  }

  /** The step under way is done, in these words; the next begins. */
  step(done, next) {
    const list = $("[data-steps]", this.article);
    const doing = $(".doing", list);
    if (!doing || this.text) return;
    doing.classList.remove("doing");
    $(".pulse", doing).replaceWith(part("step-done"));
    $("[data-step-text]", doing).textContent = done;
    const begun = part("step");
    $("[data-step-text]", begun).textContent = next;
    list.append(begun);
  }

  onDelta(text) {
    if (!this.text) say("answering");
    this.text += text;
    this.draw();
  }

  onAnnotation(annotation) {
    const locator = annotation.locator;
    this.citations.set(annotation.index, { ...annotation, locator });
    this.addCard(annotation.index);
    this.draw();
  }

  draw() {
    const prose = $("[data-prose]", this.article);
    const near = isNearEnd();
    const fresh = render(this.text, (n) => this.link(n), word("table"));
    $("[data-skeleton]", prose)?.remove();
    prose.classList.add("is-writing");
    // Blocks that did not change stay: a selection or a focused citation in them survives.
    fresh.forEach((node, index) => {
      const old = prose.children[index];
      if (!old) prose.append(node);
      else if (!old.isEqualNode(node)) old.replaceWith(node);
    });
    while (prose.children.length > fresh.length) prose.lastElementChild.remove();
    if (near) followEnd(this.article.parentElement);
  }

  cardId(n) {
    return `source-${this.id}-${n}`;
  }

  link(n) {
    const citation = this.citations.get(n);
    if (!citation) return null;
    const link = document.createElement("a");
    link.className = "cite";
    link.href = `#${this.cardId(n)}`;
    link.setAttribute("aria-label", word("cited", { n, locator: citation.locator }));
    link.textContent = `[${n}]`;
    return link;
  }

  addCard(n) {
    const group = $(`[data-sources-of="${this.id}"]`);
    const cited = group && $("[data-cited]", group);
    if (!cited || document.getElementById(this.cardId(n))) return;
    const citation = this.citations.get(n);
    const card = part("source");
    card.id = this.cardId(n);
    card.dataset.source = n;
    $(".source-n", card).textContent = `[${n}]`;
    const title = $(".source-t a", card);
    title.textContent = citation.locator;
    $(".source-doc", card).textContent = citation.document_title ?? "";
    $("mark", card).textContent = citation.quote;
    const open = $("[data-open-link]", card);
    title.href = open.href = citation.url;
    open.setAttribute("aria-label", word("open", { locator: citation.locator }));
    const copy = $("[data-copy]", card);
    copy.dataset.copy = citation.locator;
    copy.setAttribute("aria-label", word("copy", { locator: citation.locator }));
    cited.append(card);
    cited.hidden = false;
    $("[data-count]", cited).textContent = this.citations.size;
  }

  clearSources() {
    for (const card of $$(`[data-sources-of="${this.id}"] [data-source]`)) card.remove();
  }

  async finish() {
    this.source.close();
    live.delete(this.responseId);
    const turn = await this.fetchSaved();
    if (!turn) {
      this.lose("lost");
      return;
    }
    const { state, sources } = $("[data-answer]", turn).dataset;
    const n = Number(sources);
    if (state === "stopped") say("stopped");
    else if (n === 1) say("doneOne");
    else say(n ? "done" : "doneNone", { n });
    this.onChange();
  }

  /** Put the saved answer in place of this one; null where it cannot be had. */
  async fetchSaved() {
    const focused = this.article.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    for (const wait of [0, 500, 1500, 4000]) {
      await new Promise((resolve) => { setTimeout(resolve, wait); });
      try {
        const response = await fetch(this.article.dataset.fragment);
        if (!response.ok) continue;
        const html = await response.text();
        if (parse(html).querySelector("[data-stream]")) continue;
        const near = isNearEnd();
        const turn = place(html);
        // What one can do with the answer comes with its end.
        if (turn && near) followEnd(turn);
        if (turn && focused) $(`a[href="${CSS.escape(focused)}"]`, turn)?.focus();
        return turn;
      } catch {
        // The network is away: the next try may find it.
      }
    }
    return null;
  }

  /** This page cannot follow the answer any more; say so and keep what was written. */
  lose(name) {
    this.source.close();
    live.delete(this.responseId);
    this.article.removeAttribute("aria-busy");
    $("[data-reconnecting]", this.article).hidden = true;
    const notice = part(name);
    const login = $("[data-login]", notice);
    if (login) login.href = `${$("[data-ask]").dataset.login}?next=${encodeURIComponent(location.pathname)}`;
    $(".answer", this.article).append(notice);
    this.onChange();
  }
}
