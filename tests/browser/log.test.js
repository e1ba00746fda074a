// The page of a log: following it, searching it, linking into it.

import assert from "node:assert/strict";
import { test } from "node:test";

import { useSite } from "./lib/setup.js";
import { until } from "./lib/wait.js";

/// The page of a finished log of some 3,000 lines, and its lines.
let recitation, lines;

const world = useSite({
  async fill(site) {
    const build = await site.built("talk", { reason: "a long log" });
    recitation = `/builders/talk/builds/${build.number}/steps/recite/logs/stdio`;
    const { logchunks } = await site.api(`${recitation.slice(1)}/contents`);
    lines = logchunks[0].content.split("\n").map((line) => line.slice(1));
  },
});

/// The number of the line with exactly this text; lines count from 1, those of the header too.
const numberOf = (text) => lines.indexOf(text) + 1;

/// A line, in the list that scrolls or, without JavaScript, in the table.
const line = (page, number) =>
  page.locator(`.log-row:has(> a[href="#L${number}"]), [id="L${number}"]:visible`).first();

test("a running build's log is followed to the end", async () => {
  const { browser, site } = world;
  const pipe = await site.pipe("listen");
  await site.force("listen", { reason: "to be followed" });
  const { number } = await site.running("listen");
  pipe.write("the first line\n");
  await site.build("listen", "the step", async () => {
    const { steps } = await site.api(`builders/listen/builds/${number}/steps`);
    return steps.some((step) => step.name === "listen" && !step.complete && step.started_at);
  });
  const page = await browser.visit(`/builders/listen/builds/${number}/steps/listen/logs/stdio`);
  await page.evaluate(() => void (window.isTheSameDocument = true));
  const main = page.locator("main");
  await main.getByText("the first line").waitFor();
  for (let i = 2; i < 400; i++) pipe.write(`line ${i} of the pipe\n`);
  await main.getByText("line 399 of the pipe", { exact: true }).waitFor();
  pipe.write("the last line\n");
  await main.getByText("the last line").waitFor();
  assert.ok(await main.getByText("the last line").isVisible());
  pipe.end();
  await main.getByText(/^elapsedTime=/).last().waitFor();
  await main.locator(".badge", { hasText: "success" }).first().waitFor();
  assert.ok(await page.evaluate(() => window.isTheSameDocument === true), "the page was loaded again");
});

test("a search finds lines that are not on the screen", async () => {
  const { browser } = world;
  const page = await browser.visit(`${recitation}?first=1`);
  await line(page, 1).waitFor();
  await page.getByRole("searchbox").fill("000 has a needle");
  await page.getByRole("searchbox").press("Enter");
  await page.getByText("line 1000 has a needle in it").first().waitFor();
  const hits = lines.filter((line) => line.includes("000 has a needle")).length;
  await page.getByText(new RegExp(`\\b${hits}\\b`)).first().waitFor();
});

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? "with" : "without";

  test(`a link to a line shows that line, ${how} JavaScript`, async () => {
    const { browser } = world;
    const number = numberOf("line 1009");
    const page = await browser.visit(`${recitation}?first=${number - 100}#L${number}`, { javaScriptEnabled });
    await line(page, number).waitFor();
    assert.match(await line(page, number).innerText(), /line 1009$/);
    await until("the line is on the screen", () => isOnScreen(page, number));
  });
}

test("a link to a range marks its lines, wherever they are", async () => {
  const { browser } = world;
  const first = numberOf("line 1009");
  const page = await browser.visit(`${recitation}#L${first}-L${first + 10}`);
  await line(page, first).waitFor();
  await until("the first line of the range is on the screen", () => isOnScreen(page, first));
  const colour = (number) => line(page, number).evaluate((row) => getComputedStyle(row).backgroundColor);
  assert.equal(await colour(first), await colour(first + 10));
  assert.notEqual(await colour(first + 10), await colour(first + 11));
});

test("a click on a line number makes a link to it", async () => {
  const { browser } = world;
  const page = await browser.visit(recitation);
  const number = page.locator("main a[href*='#L']").nth(3);
  const href = await number.getAttribute("href");
  await number.click();
  await page.waitForURL((url) => url.hash === href.slice(href.indexOf("#")));
});

test("colours and streams of the output are shown", async () => {
  const { browser } = world;
  const page = await browser.visit(recitation);
  const red = page.getByText("red", { exact: true }).last();
  await red.waitFor();
  const plain = page.getByText("line 2999").last();
  const colour = (element) => element.evaluate((node) => getComputedStyle(node).color);
  assert.notEqual(await colour(red), await colour(plain));
  await page.locator(".log-row.stderr", { hasText: "to stderr" }).getByTitle("stderr").waitFor();
});

test("the log can be downloaded as it is", async () => {
  const { browser, site } = world;
  const page = await browser.visit(recitation);
  const href = await page.getByRole("link", { name: "Download" }).evaluate((link) => link.href);
  const text = await (await fetch(href)).text();
  assert.ok(href.startsWith(site.url));
  assert.ok(lines.every((line) => text.includes(line)));
});

function isOnScreen(page, number) {
  return line(page, number).evaluate((row) => {
    const { top, bottom } = row.getBoundingClientRect();
    return top >= 0 && bottom <= innerHeight;
  });
}
