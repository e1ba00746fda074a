// Builds are forced through the form of a builder's page.

import assert from "node:assert/strict";
import { test } from "node:test";

import { useSite } from "./lib/setup.js";

const world = useSite();

async function openForm(page) {
  await page.locator("summary", { hasText: "Start it" }).click();
  return page.locator("form[action$='/force']");
}

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? "with" : "without";

  test(`a filled form starts a build, ${how} JavaScript`, async () => {
    const { browser, site } = world;
    const page = await browser.visit("/builders/greet%2Fall", { javaScriptEnabled });
    const form = await openForm(page);
    await form.getByLabel("Your name").fill("Zoë <zoe@example.org>");
    await form.getByLabel("Reason").fill(`tried ${how} scripts`);
    await form.getByLabel("Branch").fill("feature/x");
    await form.getByLabel("Colour").selectOption("blue");
    await form.getByLabel("Clean first").check();
    await form.getByLabel("Notes").fill("two\nlines");
    await form.getByRole("button", { name: "Start it" }).click();
    await page.waitForURL(/builders\/greet%2Fall/);
    const build = await site.build("greet/all", "the forced build", (build) => build.complete);
    assert.equal(build.results, 0);
    const { properties } = (await site.api(`builds/${build.buildid}?property=*`)).builds[0];
    const values = Object.fromEntries(Object.entries(properties).map(([name, [value]]) => [name, value]));
    assert.equal(values.colour, "blue");
    assert.equal(values.clean, true);
    assert.equal(values.notes, "two\nlines");
    assert.equal(values.branch, "feature/x");
    assert.match(values.reason, new RegExp(`tried ${how} scripts`));
    await page.goto(`/builders/greet%2Fall/builds/${build.number}`);
    await page.getByText(`tried ${how} scripts`).first().waitFor();
  });

  test(`a wrong form comes back with what was filled in and what is wrong, ${how} JavaScript`, async () => {
    const { browser, site } = world;
    browser.allowed = [400, 422];
    const before = (await site.api("buildrequests")).buildrequests.length;
    const page = await browser.visit("/builders/greet%2Fall", { javaScriptEnabled });
    const form = await openForm(page);
    await form.getByLabel("Branch").fill("keep me");
    await form.getByRole("button", { name: "Start it" }).click();
    await page.getByRole("alert").first().waitFor();
    assert.equal(await form.getByLabel("Branch").inputValue(), "keep me");
    const reason = form.getByLabel("Reason");
    assert.equal(await reason.getAttribute("aria-invalid"), "true");
    const describedBy = await reason.getAttribute("aria-describedby");
    assert.match(await page.locator(`[id="${describedBy.split(" ")[0]}"]`).innerText(), /reason/i);
    assert.equal((await site.api("buildrequests")).buildrequests.length, before);
  });
}
