// Chromium, and what it must not have to complain about.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";

import { chromium } from "playwright-core";

import { DEADLINE } from "./wait.js";

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const PLACES = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

export class Browser {
  static async launch(site) {
    const executablePath = PLACES.find((path) => path && existsSync(path));
    if (!executablePath) throw new Error("Chromium was not found: install it, or name it in CHROMIUM");
    return new Browser(await chromium.launch({ executablePath, args: FLAGS }), site);
  }

  #complaints = [];
  #contexts = [];

  constructor(chromium, site) {
    this.chromium = chromium;
    this.site = site;
  }

  /// A page of a fresh visitor. Everything that goes wrong on it is kept for [`Browser.assertNoComplaints`]. Options
  /// are those of a context of playwright: `javaScriptEnabled`, `colorScheme`, `viewport`.
  async visit(path = "/", options = {}) {
    const context = await this.chromium.newContext({ baseURL: this.site.url, ...options });
    this.#contexts.push(context);
    context.setDefaultTimeout(DEADLINE);
    const page = await context.newPage();
    this.#watch(page);
    await page.goto(path);
    return page;
  }

  #watch(page) {
    const complain = (what, text) => this.#complaints.push(`${what} on ${page.url()}: ${text}`);
    page.on("console", (message) => {
      // a page that is left while its socket opens says so
      if (message.text().includes("WebSocket is closed before the connection is established")) return;
      if (["error", "warning"].includes(message.type())) complain(message.type(), message.text());
    });
    page.on("pageerror", (error) => complain("an error", error.stack ?? error.message));
    page.on("dialog", (dialog) => {
      complain("a dialog", dialog.message());
      dialog.dismiss();
    });
    page.on("request", (request) => {
      const { protocol, origin } = new URL(request.url());
      const ours = origin === this.site.url || ["data:", "blob:"].includes(protocol);
      if (!ours) complain("a request to another origin", request.url());
    });
    page.on("response", (response) => {
      if (response.status() >= 400 && !this.allowed.includes(response.status())) {
        complain(`status ${response.status()}`, response.url());
      }
    });
  }

  /// Statuses that the test provokes.
  allowed = [];

  /// Fails if a page logged an error, broke its own policy, opened a dialog or asked another origin.
  assertNoComplaints() {
    const complaints = this.#complaints.splice(0);
    const expected = (text) => this.allowed.some((status) => text.includes(`status of ${status}`));
    assert.deepEqual(complaints.filter((text) => !expected(text)), []);
  }

  /// Closes the pages of a test.
  async closePages() {
    await Promise.all(this.#contexts.splice(0).map((context) => context.close()));
  }

  close() {
    return this.chromium.close();
  }
}
