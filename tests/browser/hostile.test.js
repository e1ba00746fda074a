// What strangers may fill in is shown as what it is: nothing runs, nothing breaks the page.

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { test } from "node:test";

import { literal, preamble } from "./lib/configuration.js";
import { useSite } from "./lib/setup.js";

/// Markup that asks for a dialog, ends of attributes and elements, an order of letters turned round, a word without end.
const SCRIPT = `"><img src=x onerror=alert(1)><script>alert(2)</script>'</title></textarea></style>`;
const TURNED = "\u202Egnihtyna\u2066";
const ENDLESS = "w".repeat(10_000);
const HOSTILE = `${SCRIPT}${TURNED}{{ 7 * 7 }}{% raw %}😀`;

let pages;

const world = useSite({
  configuration: (site) => `${preamble(site, HOSTILE)}
build("hostile", [
    steps.ShellCommand(name="step <b onclick=alert(3)>", command=['cat', ${literal(site.path("hostile.txt"))}]),
    shell("second", "true"),
], description=${literal(HOSTILE + ENDLESS)}, tags=[${literal(SCRIPT)}, ${literal(ENDLESS)}],
   properties={"evil": ${literal(HOSTILE + ENDLESS)}})
c['schedulers'].append(schedulers.ForceScheduler(name="force", label=${literal(HOSTILE)}, builderNames=["hostile"],
    properties=[util.StringParameter(name="text", label=${literal(HOSTILE)}, default=${literal(HOSTILE)})]))
`,
  info: { admin: HOSTILE + ENDLESS, host: HOSTILE },
  fill,
});

async function fill(site) {
  const log = `${HOSTILE}\n${ENDLESS}\n\x1b[31;1m${SCRIPT}\x1b[999m\x1b]0;title\x07\x00\x08\n`;
  await writeFile(site.path("hostile.txt"), log);
  await push(site);
  const build = `/builders/hostile/builds/${(await force(site)).number}`;
  const ofBuild = [build, `${build}/steps/0`, `${build}/steps/0/logs/stdio`];
  const lists = ["/", "/builders", "/waterfall", "/workers", "/changes", "/users"];
  pages = [...lists, "/builders/hostile", "/changes/1", "/users/1", ...ofBuild];
}

async function push(site) {
  const change = new URLSearchParams({
    author: `${HOSTILE} <a@b>`,
    comments: `${HOSTILE}\n\n${ENDLESS}`,
    files: JSON.stringify([HOSTILE, ENDLESS]),
    revision: HOSTILE,
    branch: HOSTILE + ENDLESS,
    category: SCRIPT,
    project: HOSTILE,
    repository: "javascript:alert(4)",
    revlink: "javascript:alert(5)",
    properties: JSON.stringify({ [SCRIPT]: HOSTILE }),
  });
  const answer = await fetch(`${site.url}/change_hook/base`, { method: "POST", body: change });
  assert.equal(answer.status, 200, await answer.text());
}

function force(site) {
  const source = { branch: HOSTILE + ENDLESS, revision: HOSTILE, repository: "javascript:alert(6)", project: SCRIPT };
  return site.built("hostile", { ...source, reason: HOSTILE + ENDLESS, text: HOSTILE, username: "Eve <e@v.e>" });
}

for (const width of [390, 1600]) {
  test(`hostile text is shown as text and breaks no layout at ${width} pixels`, async () => {
    const { browser } = world;
    const page = await browser.visit("/", { viewport: { width, height: 900 } });
    for (const path of pages) {
      await page.goto(path);
      const found = await page.evaluate(() => ({
        width: document.documentElement.scrollWidth,
        images: document.querySelectorAll("img[src='x']").length,
        scripts: document.querySelectorAll("script:not([src])").length,
        handlers: document.querySelectorAll("[onclick], [onerror]").length,
        links: [...document.querySelectorAll("a[href]")].map((link) => link.protocol),
      }));
      assert.deepEqual({ ...found, width: 0, links: [] }, { width: 0, images: 0, scripts: 0, handlers: 0, links: [] }, path);
      assert.ok(found.width <= width, `${path} is ${found.width} pixels wide`);
      assert.deepEqual(found.links.filter((protocol) => !["http:", "https:"].includes(protocol)), [], path);
      assert.match(await page.locator("body").innerText(), /onerror=alert\(1\)/, path);
    }
  });
}
