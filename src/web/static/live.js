// Pages refresh themselves.
//
// <body data-live="builds/*/*, workers/*/*"> names the events that may change the page; elements with an id and
// data-live-part are what may change. After such an event the same URL is read again, and the parts that the server
// draws differently now are brought up to date in place: focus, selection, open <details>, scroll positions and what
// somebody is typing stay as they are. Without this script, or without a connection, the page is simply as of then.
//
// Afterwards the document hears "live:refreshed" with the changed elements in `detail.parts`.
// An element with data-live-keep is never touched once it is there.

import { morph } from "./morph.js";

const PAUSE = 1_000; // ms between two refreshes, at least
const SHARE = 10; // a page that takes long to make is asked for more rarely: at most this share of the time
const RETRY_FIRST = 1_000;
const RETRY_LAST = 30_000;
const RETRY_FAILED_READ = 5_000;

const TEXTS = {
  live: ["live", "This page shows what happens while it happens"],
  reconnecting: ["reconnecting …", "No connection to the master: this page may be out of date"],
};

/** What the server last drew of each part, by id. */
const drawn = new Map();

function parts(root) {
  return [...root.querySelectorAll("[data-live-part][id]")];
}

function patterns(root = document) {
  const text = root.body?.dataset.live ?? "";
  return text.split(",").map((pattern) => pattern.trim()).filter(Boolean);
}

function showState(state) {
  for (const element of document.querySelectorAll("[data-live-state]")) {
    const [text, title] = TEXTS[state];
    element.dataset.liveState = state;
    element.textContent = text;
    element.title = title;
  }
}

// ---------------------------------------------------------------------------------------------- reading the page again

const refresher = {
  timer: 0,
  reading: null, // the AbortController of the read under way
  wanted: false,
  lastEnd: performance.now(),
  cost: firstCost(),

  /** Something may have changed. Many calls are one refresh. */
  want() {
    this.wanted = true;
    if (this.timer || this.reading || document.hidden) return;
    const pause = Math.max(PAUSE, this.cost * SHARE);
    this.after(Math.max(0, this.lastEnd + pause - performance.now()));
  },

  after(delay) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = 0;
      if (!document.hidden) this.refresh();
    }, delay);
  },

  stop() {
    clearTimeout(this.timer);
    this.timer = 0;
    this.reading?.abort();
    this.reading = null;
  },

  async refresh() {
    this.reading?.abort();
    const reading = new AbortController();
    this.reading = reading;
    this.wanted = false;
    const begin = performance.now();
    let delay = 0;
    try {
      const page = await read(reading.signal);
      if (page) update(page);
    } catch {
      if (reading.signal.aborted) return;
      this.wanted = true;
      delay = RETRY_FAILED_READ;
    }
    if (this.reading !== reading) return;
    this.reading = null;
    this.lastEnd = performance.now();
    this.cost = this.lastEnd - begin;
    if (delay) this.after(delay);
    else if (this.wanted) this.want();
  },
};

/** How long the server took to make the page that is shown. */
function firstCost() {
  const [navigation] = performance.getEntriesByType("navigation");
  return navigation ? Math.max(0, navigation.responseEnd - navigation.requestStart) : 0;
}

/** The page as it is now; nothing if its URL leads elsewhere by now. Throws if the master does not answer. */
async function read(signal) {
  const url = location.href.split("#")[0];
  const response = await fetch(url, { signal, cache: "no-store", headers: { Accept: "text/html" } });
  if (response.status >= 500) throw new Error(`status ${response.status}`);
  if (!response.ok || response.redirected) return null;
  return new DOMParser().parseFromString(await response.text(), "text/html");
}

function update(page) {
  const changed = [];
  for (const fresh of parts(page)) {
    const html = fresh.outerHTML;
    if (drawn.get(fresh.id) === html) continue;
    drawn.set(fresh.id, html);
    const shown = document.getElementById(fresh.id);
    if (shown) changed.push([shown, fresh]);
  }
  if (changed.length) {
    keepingFocus(() => {
      for (const [shown, fresh] of changed) if (shown.isConnected) morph(shown, fresh);
    });
  }
  if (page.title && document.title !== page.title) document.title = page.title;
  updateIcon(page);
  subscription.follow(patterns(page));
  showState(subscription.state);
  if (changed.length) {
    const detail = { parts: changed.map(([shown]) => shown) };
    document.dispatchEvent(new CustomEvent("live:refreshed", { detail }));
  }
}

function updateIcon(page) {
  const [shown, fresh] = [document, page].map((root) => root.querySelector("link[rel=icon]"));
  const href = fresh?.getAttribute("href");
  if (shown && href && shown.getAttribute("href") !== href) shown.setAttribute("href", href);
}

/** An element that is moved within the page loses its focus. */
function keepingFocus(change) {
  const focused = document.activeElement;
  const selected = focused && "selectionStart" in focused ? [focused.selectionStart, focused.selectionEnd] : null;
  change();
  if (!focused?.isConnected || focused === document.activeElement || focused === document.body) return;
  focused.focus({ preventScroll: true });
  if (selected && selected[0] !== null) focused.setSelectionRange(...selected);
}

// ------------------------------------------------------------------------------------------------ hearing of changes

const subscription = {
  state: "reconnecting",
  socket: null,
  timer: 0,
  failures: 0,
  consumed: new Set(),
  unanswered: new Set(),
  lastId: 0,

  connect() {
    clearTimeout(this.timer);
    if (this.socket) return;
    const url = new URL("../ws", import.meta.url);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    url.search = "";
    const socket = new WebSocket(url);
    this.socket = socket;
    this.consumed = new Set();
    this.unanswered = new Set();
    socket.onopen = () => this.follow(patterns());
    socket.onmessage = (message) => this.hear(message.data);
    socket.onclose = () => this.lost(socket);
  },

  disconnect() {
    clearTimeout(this.timer);
    const socket = this.socket;
    this.socket = null;
    socket?.close();
  },

  /** Subscribes to exactly these patterns. */
  follow(wanted) {
    if (this.socket?.readyState !== WebSocket.OPEN) return;
    for (const path of wanted) if (!this.consumed.has(path)) this.ask("startConsuming", path);
    for (const path of this.consumed) if (!wanted.includes(path)) this.ask("stopConsuming", path);
    this.consumed = new Set(wanted);
  },

  ask(cmd, path) {
    const _id = ++this.lastId;
    if (cmd === "startConsuming") this.unanswered.add(_id);
    this.socket.send(JSON.stringify({ cmd, path, _id }));
  },

  hear(text) {
    const message = JSON.parse(text);
    if (message.k) return refresher.want();
    if (this.unanswered.delete(message._id) && this.unanswered.size === 0) {
      // from here on nothing is missed; what happened before, since the page was made, is fetched once
      this.failures = 0;
      this.state = "live";
      showState(this.state);
      refresher.want();
    }
  },

  lost(socket) {
    if (socket !== this.socket) return;
    this.socket = null;
    this.state = "reconnecting";
    this.failures += 1;
    const delay = Math.min(RETRY_LAST, RETRY_FIRST * 2 ** (this.failures - 1));
    if (this.failures > 1) showState(this.state);
    // not all pages at the same moment
    this.timer = setTimeout(() => this.connect(), delay * (0.5 + Math.random()));
    // where WebSockets do not pass at all, reading now and then is what is left
    if (delay === RETRY_LAST) refresher.want();
  },
};

// ------------------------------------------------------------------------------------------------------- page's life

function begin() {
  if (!patterns().length || !("WebSocket" in window)) return;
  for (const part of parts(document)) drawn.set(part.id, part.outerHTML);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    subscription.connect();
    if (refresher.wanted) refresher.want();
  });
  addEventListener("online", () => subscription.connect());
  addEventListener("pagehide", () => {
    refresher.stop();
    subscription.disconnect();
  });
  addEventListener("pageshow", (event) => {
    if (event.persisted) subscription.connect();
  });
  subscription.connect();
}

begin();
