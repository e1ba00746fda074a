// The page of a log: scrolls through any number of lines, follows while it grows, searches, links to lines.
// Without this module the page shows its last lines as a table.

import { LogStore } from "./log_store.js";
import { LogView } from "./log_view.js";
import { LogSearch } from "./log_search.js";

const GRANT = 4_000;
const NEWEST = 400;
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 15_000;

const page = document.getElementById("log-page");
const part = (name) => page.querySelector(`[data-log="${name}"]`);
const box = part("box");
const status = part("status");
const base = page.dataset.url;
const remembered = (name) => {
  try {
    return localStorage.getItem(`log.${name}`) === "on";
  } catch {
    return false;
  }
};
const remember = (name, on) => {
  try {
    localStorage.setItem(`log.${name}`, on ? "on" : "off");
  } catch {
    // a browser that keeps nothing
  }
};

const store = new LogStore(`${base}/lines`, Number(page.dataset.lines), page.dataset.complete === "true", () => view.draw());
const view = new LogView(box, store, { moved });
const search = new LogSearch(`${base}/search`, searched);
let follow = false;
let paused = false;
let anchor = null;

// what is seen

function count(number, word) {
  return `${number.toLocaleString("en")} ${word}${number === 1 ? "" : "s"}`;
}

function describe() {
  status.textContent = `${count(store.nLines, "line")}${store.complete ? "" : ", still written"}`;
  part("empty").hidden = store.nLines > 0;
  part("empty").textContent = store.complete ? "The log is empty." : "The log is empty so far.";
  box.hidden = store.nLines === 0;
  part("follow").hidden = store.complete;
}

function press(name, on) {
  part(name).setAttribute("aria-pressed", String(on));
}

function setFollow(on) {
  follow = on && !store.complete;
  paused = false;
  press("follow", follow);
  if (follow) toEnd();
}

function toEnd() {
  view.wantsEnd = true;
  view.toEnd();
  view.wantsEnd = false;
}

function moved(pixels, atEnd) {
  if (follow && pixels < 0 && !atEnd) {
    setFollow(false);
    paused = true;
  } else if (paused && 0 < pixels && atEnd) {
    setFollow(true);
  }
}

// lines that come

let pause = FIRST_PAUSE;
let granted = 0;

function tail() {
  if (store.complete) return;
  const url = new URL(`${base}/tail`, location.href);
  url.protocol = url.protocol.replace("http", "ws");
  url.search = new URLSearchParams({ from: store.nLines, newest: NEWEST, grant: GRANT });
  granted = GRANT;
  const socket = new WebSocket(url);
  socket.onmessage = ({ data }) => {
    pause = FIRST_PAUSE;
    const frame = JSON.parse(data);
    if (frame.type === "lines") {
      store.add(frame);
      granted -= frame.lines.length;
      if (granted < GRANT / 2) {
        socket.send(JSON.stringify({ grant: GRANT - granted }));
        granted = GRANT;
      }
    } else {
      store.nLines = Math.max(store.nLines, frame.n_lines);
      store.complete = frame.complete;
    }
    schedule();
  };
  socket.onclose = () => {
    if (store.complete) return;
    setTimeout(tail, pause);
    pause = Math.min(pause * 2, LONGEST_PAUSE);
  };
}

let scheduled = false;

function schedule() {
  if (scheduled) return;
  scheduled = true;
  requestAnimationFrame(() => {
    scheduled = false;
    view.grow();
    if (follow) toEnd();
    else {
      view.sync();
      view.draw();
    }
    if (store.complete && follow) setFollow(false);
    describe();
    search.goOn(store.nLines);
  });
}

// links to lines

function parse(hash) {
  const found = /^#L(\d+)(?:-L?(\d+))?$/.exec(hash);
  if (!found) return null;
  const one = Math.max(1, Number(found[1]));
  const other = Math.max(1, Number(found[2] ?? found[1]));
  return { first: Math.min(one, other) - 1, last: Math.max(one, other) - 1 };
}

function select(range, show) {
  view.selected = range;
  if (range) {
    anchor ??= range.first;
    if (show) {
      setFollow(false);
      view.show(range.first);
    }
  }
  view.draw();
}

box.addEventListener("click", (event) => {
  const link = event.target.closest("a.log-number");
  if (!link || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  const line = Number(link.dataset.line);
  if (event.shiftKey && anchor !== null) {
    getSelection()?.removeAllRanges();
    choose(Math.min(anchor, line), Math.max(anchor, line));
  } else {
    anchor = line;
    choose(line, line);
  }
});

function choose(first, last) {
  if (view.selected?.first === first && view.selected?.last === last) {
    anchor = null;
    history.replaceState(null, "", location.pathname + location.search);
    return select(null);
  }
  const hash = first === last ? `#L${first + 1}` : `#L${first + 1}-L${last + 1}`;
  history.replaceState(null, "", hash);
  select({ first, last }, false);
}

window.addEventListener("hashchange", () => {
  anchor = null;
  select(parse(location.hash), true);
});

part("jump").addEventListener("submit", (event) => {
  event.preventDefault();
  const line = Number(part("line").value);
  if (!Number.isInteger(line) || line < 1 || store.nLines < 1) return;
  const wanted = Math.min(line, store.nLines) - 1;
  anchor = wanted;
  view.selected = null;
  choose(wanted, wanted);
  select(view.selected, true);
  box.focus({ preventScroll: true });
});

// search

const form = part("search");
const field = part("query");
const hits = part("hits");

function searched() {
  view.ranges = search.ranges;
  if (search.at < 0 && search.lines.length) goTo(search.after(view.top.line));
  const total = `${search.lines.length.toLocaleString("en")}${search.limited ? "+" : ""}`;
  field.setAttribute("aria-invalid", String(Boolean(search.error)));
  hits.classList.toggle("error", Boolean(search.error));
  if (search.error) hits.textContent = search.error;
  else if (!search.query) hits.textContent = "";
  else if (search.lines.length) hits.textContent = `${(search.at + 1).toLocaleString("en")} of ${total}${search.running ? " …" : ""}`;
  else if (search.running) hits.textContent = `searching ${Math.floor((100 * search.searched) / Math.max(1, store.nLines))} %`;
  else hits.textContent = "no hits";
  part("previous").disabled = part("next").disabled = search.lines.length === 0;
  view.draw();
}

function goTo(hit) {
  search.at = hit;
  view.current = search.lines[hit];
  setFollow(false);
  if (view.isVisible(view.current)) view.draw();
  else view.show(view.current);
  const mark = view.elements.get(view.current)?.element.querySelector("mark");
  if (mark && !view.wrap) mark.scrollIntoView({ block: "nearest", inline: "nearest", behavior: "instant" });
}

function nextHit(step) {
  const n = search.lines.length;
  if (n === 0) return;
  goTo((search.at + step + n) % n);
  searched();
}

function startSearch() {
  view.current = -1;
  const query = { text: field.value, regex: isPressed("regex"), exact: isPressed("case") };
  if (query.text) search.start(query);
  else search.clear();
  searched();
}

function isPressed(name) {
  return part(name).getAttribute("aria-pressed") === "true";
}

let typing = 0;
field.addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(startSearch, 250);
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  clearTimeout(typing);
  const same = search.query?.text === field.value && !search.error;
  if (same) nextHit(event.submitter === part("previous") ? -1 : 1);
  else startSearch();
});
field.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.shiftKey) {
    event.preventDefault();
    nextHit(-1);
  } else if (event.key === "Escape") {
    field.value = "";
    startSearch();
    box.focus({ preventScroll: true });
  }
});
for (const name of ["regex", "case"]) {
  part(name).addEventListener("click", () => {
    press(name, !isPressed(name));
    startSearch();
  });
}
part("previous").addEventListener("click", () => nextHit(-1));
part("next").addEventListener("click", () => nextHit(1));

// switches and keys

function setWrap(on) {
  press("wrap", on);
  view.setWrap(on);
  if (follow) toEnd();
  remember("wrap", on);
}

function setTimes(on) {
  press("times", on);
  box.classList.toggle("times", on);
  remember("times", on);
  view.draw();
}

const help = part("help");
const actions = {
  "/": () => (field.focus(), field.select()),
  n: () => nextHit(1),
  N: () => nextHit(-1),
  g: () => (setFollow(false), view.toStart()),
  G: () => (store.complete ? toEnd() : setFollow(true)),
  f: () => setFollow(!follow),
  w: () => setWrap(!view.wrap),
  t: () => setTimes(!box.classList.contains("times")),
  l: () => (part("line").focus(), part("line").select()),
  j: () => view.step(1),
  k: () => view.step(-1),
  "?": () => (help.open ? help.close() : help.showModal()),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (event.target.closest("input, textarea, select")) return;
  const action = actions[event.key];
  if (!action || (help.open && event.key !== "?")) return;
  event.preventDefault();
  action();
});
for (const [name, key] of [["follow", "f"], ["wrap", "w"], ["times", "t"], ["help-button", "?"]]) {
  part(name).addEventListener("click", () => actions[key]());
}
part("help-close").addEventListener("click", () => help.close());

// the beginning

document.getElementById("log-table").remove();
page.hidden = false;
describe();
view.measure();
view.grow();
if (remembered("wrap")) setWrap(true);
if (remembered("times")) setTimes(true);
const linked = parse(location.hash);
const asked = Number(page.dataset.first);
if (linked) select(linked, true);
else if (asked) view.show(asked - 1);
else if (store.complete) toEnd();
else setFollow(true);
box.focus({ preventScroll: true });
tail();
