// What makes pages handier; each works without it. Relative times and durations go on, lists are filtered while one
// types, the theme can be chosen, and a few keys lead around. Pages that refresh themselves are in live.js.

const root = document.documentElement;
const base = document.body.dataset.root ?? "./";
// what the master's clock is ahead of ours, in milliseconds
const ahead = Date.parse(document.body.dataset.now ?? "") - Date.now() || 0;

/* times: the same words as the server's */

function ago(seconds) {
  if (seconds < 10) return "just now";
  const units = [[86400, "day"], [3600, "hour"], [60, "minute"], [1, "second"]];
  const [size, unit] = units.find(([size]) => seconds >= size);
  const count = Math.floor(seconds / size);
  return `${count} ${unit}${count === 1 ? "" : "s"} ago`;
}

function lasting(seconds) {
  const units = [["d", Math.floor(seconds / 86400)], ["h", Math.floor(seconds / 3600) % 24],
    ["min", Math.floor(seconds / 60) % 60], ["s", Math.floor(seconds) % 60]];
  const first = units.findIndex(([, count]) => count > 0);
  if (first < 0) return "0 s";
  return units.slice(first, first + 2).filter(([, count]) => count > 0).map(([unit, count]) => `${count} ${unit}`).join(" ");
}

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function tick() {
  if (document.hidden) return;
  const now = Date.now() + ahead;
  for (const time of document.querySelectorAll("time[data-ago]")) {
    const at = Date.parse(time.dateTime);
    const seconds = Math.max(0, (now - at) / 1000);
    if (seconds < 30 * 86400) setText(time, ago(seconds));
    if (!time.dataset.local) {
      time.dataset.local = new Date(at).toLocaleString();
      time.title += ` (${time.dataset.local} here)`;
    }
  }
  for (const element of document.querySelectorAll("[data-since]")) {
    const seconds = Math.max(0, (now - Date.parse(element.dataset.since)) / 1000);
    setText(element, lasting(seconds));
  }
  for (const bar of document.querySelectorAll("[data-progress-since]")) {
    const seconds = (now - Date.parse(bar.dataset.progressSince)) / 1000;
    const expected = Number(bar.dataset.expected);
    bar.classList.toggle("over", seconds > expected);
    bar.querySelector("progress")?.setAttribute("value", Math.min(99, Math.round((100 * seconds) / expected)));
    const text = bar.querySelector("[data-left]");
    if (text) setText(text, seconds > expected ? `${lasting(seconds - expected)} over` : `about ${lasting(roughly(expected - seconds))} left`);
  }
}

// what is only expected is not told to the second
function roughly(seconds) {
  return seconds > 120 ? Math.round(seconds / 60) * 60 : seconds > 20 ? Math.round(seconds / 5) * 5 : Math.ceil(seconds);
}

tick();
setInterval(tick, 1000);
document.addEventListener("visibilitychange", tick);
document.addEventListener("live:refreshed", tick);

/* the theme: as the system, light, dark */

const themes = ["system", "light", "dark"];
const themeButton = document.querySelector("[data-theme-switch]");

function showTheme() {
  const theme = root.dataset.theme ?? "system";
  themeButton.title = `Theme: ${theme}`;
  themeButton.setAttribute("aria-label", `Theme: ${theme}; change it`);
  for (const icon of themeButton.querySelectorAll("[data-for]")) icon.toggleAttribute("hidden", icon.dataset.for !== theme);
}

function nextTheme() {
  const theme = themes[(themes.indexOf(root.dataset.theme ?? "system") + 1) % themes.length];
  if (theme === "system") delete root.dataset.theme;
  else root.dataset.theme = theme;
  try {
    localStorage.setItem("theme", theme);
  } catch {
    // it holds for this page then
  }
  showTheme();
}

if (themeButton) {
  themeButton.hidden = false;
  themeButton.addEventListener("click", nextTheme);
  addEventListener("storage", (event) => {
    if (event.key !== "theme") return;
    if (event.newValue === "light" || event.newValue === "dark") root.dataset.theme = event.newValue;
    else delete root.dataset.theme;
    showTheme();
  });
  showTheme();
}

/* filters: forms with data-filter show their answer while one types or chooses */

let asked = 0;

function address(form) {
  const url = new URL(form.action);
  const fields = [...new FormData(form)].filter(([, value]) => value !== "");
  url.search = new URLSearchParams(fields).toString();
  return url;
}

async function filter(form) {
  const mine = ++asked;
  const url = address(form);
  try {
    const answer = await fetch(url, { headers: { accept: "text/html" } });
    if (!answer.ok || mine !== asked) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of document.querySelectorAll("[data-filtered]")) {
      const other = fresh.getElementById(part.id);
      if (other) part.replaceWith(document.adoptNode(other));
    }
    history.replaceState(null, "", url);
    tick();
  } catch {
    // the button of the form still works
  }
}

for (const form of document.querySelectorAll("form[data-filter]")) {
  let timer;
  const later = (event) => {
    clearTimeout(timer);
    timer = setTimeout(() => filter(form), event.type === "change" ? 0 : 200);
  };
  form.addEventListener("input", later);
  form.addEventListener("change", later);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(timer);
    filter(form);
  });
  form.querySelector("[data-go]")?.setAttribute("hidden", "");
}

/* forms: a choice may give other fields their values */

document.addEventListener("change", (event) => {
  const chosen = event.target;
  if (!chosen.dataset?.autopopulate) return;
  const values = JSON.parse(chosen.dataset.autopopulate)[chosen.value] ?? {};
  for (const [name, value] of Object.entries(values)) {
    const fields = [...chosen.form.elements].filter((field) => field.name === name || field.name.endsWith(`_${name}`));
    for (const field of fields) {
      if (field.type === "checkbox") field.checked = Boolean(value);
      else field.value = value;
    }
  }
});

/* keys */

const help = document.getElementById("keys");
const places = { h: "", b: "builders", p: "projects", w: "waterfall", k: "workers", c: "changes", u: "users", r: "requests", s: "schedulers", a: "actors" };
let goes = false;

function isTyping(target) {
  return target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName);
}

function search() {
  const field = document.querySelector("[data-search]");
  if (field) {
    field.focus();
    field.select();
  } else location.assign(`${base}builders#search`);
}

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape" && event.target.matches?.("[data-search]")) event.target.blur();
  if (event.defaultPrevented || isTyping(event.target)) return;
  const went = goes;
  goes = event.key === "g" && !went;
  if (went && event.key in places) location.assign(base + places[event.key]);
  else if (event.key === "/") search();
  else if (event.key === "?") help?.showModal();
  else return;
  event.preventDefault();
});

if (location.hash === "#search") search();

// the chosen entry of a navigation that is wider than the screen
document.querySelector(".top nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
