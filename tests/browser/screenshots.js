// Pictures of every page, dark and light, narrow and wide, of three sites: one with nothing, a small one and, if its
// address is given, a large one. node screenshots.js DIRECTORY [URL of a large site]

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { Browser } from "./lib/browser.js";
import { preamble, standard } from "./lib/configuration.js";
import { everyPage, lists, pagesOf } from "./lib/pages.js";
import { Site } from "./lib/site.js";

const [directory, large] = process.argv.slice(2);
if (!directory) throw new Error("usage: screenshots DIRECTORY [URL]");

const SIZES = { narrow: { width: 390, height: 844 }, wide: { width: 1600, height: 1000 } };

/// Chromium writes smaller pictures than the one it takes: WebP, drawn again on an empty page.
async function smaller(painter, png) {
  const url = await painter.evaluate(async (data) => {
    const image = new Image();
    image.src = `data:image/png;base64,${data}`;
    await image.decode();
    const canvas = Object.assign(document.createElement("canvas"), { width: image.width, height: image.height });
    canvas.getContext("2d").drawImage(image, 0, 0);
    return canvas.toDataURL("image/webp", 0.7);
  }, png.toString("base64"));
  return Buffer.from(url.split(",")[1], "base64");
}

async function shoot(state, site, pages, index) {
  const browser = await Browser.launch(site);
  const painter = await (await browser.chromium.newContext()).newPage();
  await mkdir(join(directory, state), { recursive: true });
  for (const { name, path } of pages) {
    const files = [];
    for (const [size, viewport] of Object.entries(SIZES)) {
      for (const colorScheme of ["light", "dark"]) {
        const page = await browser.visit(path, { viewport, colorScheme });
        const file = `${state}/${name}-${size}-${colorScheme}.webp`;
        await writeFile(join(directory, file), await smaller(painter, await page.screenshot()));
        files.push(`[${size}, ${colorScheme}](${file})`);
        await browser.closePages();
      }
    }
    index.push(`| ${state} | ${name} | ${files.join(" ")} |`);
  }
  await browser.close();
}

async function shootOwn(state, configuration, pagesOf, index) {
  const site = await Site.start(configuration, { withWorker: state !== "nothing" });
  try {
    await shoot(state, site, await pagesOf(site), index);
  } finally {
    await site.stop();
  }
}

const index = [
  "# Pictures of the pages",
  "",
  "Made by `scripts/screenshots`: a site with nothing, a small one, and one with 5,000 builders and 100,000 builds.",
  "",
  "| site | page | pictures |",
  "|---|---|---|",
];
// A master must have a builder and a worker; nothing has come yet, neither a change nor the worker.
const nothing = (site) => `${preamble(site, "Nothing Yet")}build("first", [shell("greet", "echo hello")])\n`;
await shootOwn("nothing", nothing, lists, index);
await shootOwn("sample", standard, everyPage, index);
if (large) await shoot("large", { url: new URL(large).origin }, await pagesOf(new URL(large).origin), index);
await writeFile(join(directory, "README.md"), `${index.join("\n")}\n`);
