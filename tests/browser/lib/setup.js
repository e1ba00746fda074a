// What a file of tests begins with: one site and one browser for all of its tests.

import { after, afterEach, before } from "node:test";

import { Browser } from "./browser.js";
import { standard } from "./configuration.js";
import { Site } from "./site.js";

/// Starts a site and a browser for the tests of a file, and fills the site; after each test, no page may have
/// complained.
export function useSite({ configuration = standard, info, fill = async () => {} } = {}) {
  const world = {};
  before(async () => {
    world.site = await Site.start(configuration, { info });
    world.browser = await Browser.launch(world.site);
    await fill(world.site);
  });
  afterEach(async () => {
    await world.browser.closePages();
    world.browser.assertNoComplaints();
  });
  after(async () => {
    await world.browser?.close();
    await world.site?.stop();
  });
  return world;
}
