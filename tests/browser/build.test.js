// The page of a build follows the build, and its buttons do what they say.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { useSite } from "./lib/setup.js";

const world = useSite();
let pipe;


beforeEach(async () => {
  pipe?.end();
  await world.site.idle();
  pipe = await world.site.pipe("listen");
});

async function runningBuild(reason) {
  await world.site.force("listen", { reason });
  const build = await world.site.running("listen");
  pipe.write("the first line\n");
  return build;
}

/// Marks the document: as long as the mark is there, nobody has loaded the page again.
const mark = (page) => page.evaluate(() => void (window.isTheSameDocument = true));
const isMarked = (page) => page.evaluate(() => window.isTheSameDocument === true);

test("the page of a running build updates itself until the build has ended", async () => {
  const { browser, site } = world;
  const build = await runningBuild("to be watched");
  const page = await browser.visit(`/builders/listen/builds/${build.number}`);
  await mark(page);
  await page.locator("main h1 ~ .badge", { hasText: "running" }).first().waitFor();
  assert.equal(await page.locator("main").getByText("after", { exact: true }).count(), 0);
  pipe.end();
  await page.locator("main h1 ~ .badge", { hasText: "success" }).first().waitFor();
  await page.locator("#steps").getByText("after", { exact: true }).first().waitFor();
  await page.getByRole("button", { name: "Rebuild" }).waitFor();
  assert.ok(await isMarked(page), "the page was loaded again");
  assert.equal((await site.finished("listen")).results, 0);
});

test("home shows a build that begins and ends without being loaded again", async () => {
  const { browser } = world;
  const page = await browser.visit("/");
  await mark(page);
  const build = await runningBuild("seen from home");
  const title = new RegExp(`listen #${build.number}\\b`);
  await page.locator("#running").getByRole("link", { name: title }).first().waitFor();
  pipe.end();
  await page.locator("#finished").getByRole("link", { name: title }).first().waitFor();
  await page.locator("#running").getByRole("link", { name: title }).first().waitFor({ state: "detached" });
  assert.ok(await isMarked(page), "the page was loaded again");
});

test("a page that refreshes itself keeps what is open and what has the focus", async () => {
  const { browser, site } = world;
  const page = await browser.visit("/builders/listen");
  await page.locator("summary", { hasText: "Start it" }).click();
  await page.getByLabel("Reason").fill("half written");
  const build = await runningBuild("meanwhile");
  await page.locator("#running").getByRole("link", { name: `#${build.number}` }).first().waitFor();
  assert.equal(await page.getByLabel("Reason").inputValue(), "half written");
  assert.equal(await page.evaluate(() => document.activeElement.name), "reason");
  pipe.end();
  await site.finished("listen");
});

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? "with" : "without";

  test(`a build is stopped by its button, ${how} JavaScript`, async () => {
    const { browser, site } = world;
    const { number } = await runningBuild("to be stopped");
    const page = await browser.visit(`/builders/listen/builds/${number}`, { javaScriptEnabled });
    await page.getByRole("button", { name: /^Stop/ }).click();
    const build = await site.build("listen", "the stopped build", (build) => build.number === number && build.complete);
    assert.equal(build.results, 6);
    await page.goto(`/builders/listen/builds/${number}`);
    await page.locator("main h1 ~ .badge", { hasText: /cancelled/i }).first().waitFor();
  });

  test(`a build is built again by its button, ${how} JavaScript`, async () => {
    const { browser, site } = world;
    const first = await site.built("greet/all", { reason: "the original" });
    const page = await browser.visit(`/builders/greet%2Fall/builds/${first.number}`, { javaScriptEnabled });
    await page.getByRole("button", { name: /^Rebuild/ }).click();
    await page.waitForURL(/builders\/greet%2Fall(\/builds\/\d+)?(#.*)?$/);
    const second = await site.build("greet/all", "the rebuild", (build) => build.complete && build.number > first.number);
    assert.equal(second.results, 0);
  });
}

test("a waiting request is cancelled by its button", async () => {
  const { browser, site } = world;
  await runningBuild("in front");
  await site.force("listen", { reason: "behind it", priority: 3 });
  // worker-1 builds one thing for each builder at a time, so this one waits
  const page = await browser.visit("/builders/listen");
  await page.locator("#waiting").getByRole("button", { name: /^Cancel/ }).first().click();
  await page.locator("#waiting").getByRole("button", { name: /^Cancel/ }).waitFor({ state: "detached" });
  pipe.end();
  await site.finished("listen");
});
