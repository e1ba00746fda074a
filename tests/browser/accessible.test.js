// axe-core looks at every page, in light and dark, wide and narrow.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import { useSite } from "./lib/setup.js";
import { everyPage } from "./lib/pages.js";

const source = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
let pages;

const world = useSite({
  async fill(site) {
    pages = await everyPage(site);
  },
});

// Colours differ between the schemes and what scrolls between the widths; every pair of them would only take longer.
for (const [colorScheme, width] of [["light", 390], ["dark", 1600], ["light", 1600]]) {
  test(`axe-core finds nothing serious on any page, ${colorScheme}, ${width} pixels`, async () => {
    const { browser } = world;
    browser.allowed = [404];
    const page = await browser.visit("/", { colorScheme, viewport: { width, height: 900 } });
    const found = new Findings();
    for (const { name, path } of pages) {
      await page.goto(path);
      await page.evaluate(source);
      const { violations } = await page.evaluate(() => axe.run({ resultTypes: ["violations"] }));
      for (const { id, impact, nodes } of violations) {
        if (["serious", "critical"].includes(impact)) nodes.forEach((node) => found.add(`${id}: ${node.html}`, name));
      }
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      if (wide > width) found.add(`wider than the window: ${wide} pixels`, name);
    }
    assert.deepEqual(found.list(), []);
  });
}

/// What is wrong, each with the pages it is wrong on.
class Findings {
  #pages = new Map();

  add(what, page) {
    const key = what.replace(/(href|datetime|title)="[^"]*"/g, "").slice(0, 200);
    this.#pages.set(key, (this.#pages.get(key) ?? new Set()).add(page));
  }

  list() {
    return [...this.#pages].map(([what, pages]) => `${what} (${[...pages].join(", ")})`);
  }
}
