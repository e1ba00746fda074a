// Everything of value without JavaScript: a person with a text browser can read, start and stop builds.

import assert from "node:assert/strict";
import { test } from "node:test";

import { useSite } from "./lib/setup.js";

const plain = { javaScriptEnabled: false };
let green, red;

const world = useSite({
  async fill(site) {
    green = await site.built("greet/all", { reason: "the green one" });
    red = await site.built("talk", { reason: "the red one" });
  },
});

test("from home to a line of the log of what is broken, by links alone", async () => {
  const page = await world.browser.visit("/", plain);
  await page.locator(`#broken a[href$="builders/talk/builds/${red.number}"]`).last().click();
  await page.waitForURL(`**/builders/talk/builds/${red.number}`);
  assert.match(await page.locator("main").innerText(), /the red one/);
  await page.locator("#steps").getByRole("link", { name: "recite", exact: true }).first().click();
  await page.waitForURL(/steps\/(recite|\d+)$/);
  await page.locator("main").getByRole("link", { name: "stdio" }).first().click();
  await page.waitForURL(/logs\/stdio/);
  await page.getByText("to stderr").first().waitFor();
});

test("a long log is read page by page", async () => {
  const page = await world.browser.visit(`/builders/talk/builds/${red.number}/steps/recite/logs/stdio?first=0`, plain);
  await page.getByText("line 1", { exact: true }).waitFor();
  await page.locator("a[rel='next']").first().click();
  await page.waitForURL(/first=\d+/);
  assert.notEqual(new URL(page.url()).searchParams.get("first"), "0");
  await page.locator("a[rel='prev']").first().click();
  await page.getByText("line 1", { exact: true }).waitFor();
});

test("the builders are read and their history followed", async () => {
  const page = await world.browser.visit("/builders", plain);
  await page.getByRole("link", { name: "greet/all" }).first().click();
  await page.waitForURL(/builders\/greet%2Fall/);
  await page.locator("#finished").getByRole("link", { name: `#${green.number}` }).first().click();
  await page.waitForURL(`**/builds/${green.number}`);
  await page.getByText("the green one").first().waitFor();
});

test("every page of the menu says what it is for", async () => {
  const page = await world.browser.visit("/", plain);
  const menu = await page.locator("header nav a").all();
  const paths = await Promise.all(menu.map((link) => link.getAttribute("href")));
  assert.ok(paths.length >= 5);
  for (const path of paths) {
    await page.goto(new URL(path, `${world.site.url}/`).href);
    assert.ok((await page.locator("main").innerText()).length > 10, path);
    assert.equal(await page.locator("header nav [aria-current='page']").count(), 1, path);
  }
});
