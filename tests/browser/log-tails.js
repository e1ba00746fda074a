// 200 clients tail one log that grows by a megabyte a second, while another builder builds: node log-tails.js [CLIENTS]
//
// The clients are a program of their own (examples/log_tails.rs); this one starts the site and looks at the master.

import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { literal, preamble } from "./lib/configuration.js";
import { program, run } from "./lib/programs.js";
import { Site } from "./lib/site.js";
import { until } from "./lib/wait.js";

const clients = Number(process.argv[2] ?? 200);
const SECONDS = 20;
const RATE = 1_000_000;
/// Builds whose pace is measured.
const BUILDS = 300;

const tails = join(program("buildbot"), "../examples/log-tails");

const configuration = (site) => `${preamble(site, "Tails")}
c['collapseRequests'] = False
build("grow", [steps.ShellCommand(name="grow", command=[${literal(tails)}, "write", "${RATE}", "600"])])
build("quick", [steps.ShellCommand(name="true", command=["true"])])
c['schedulers'].append(schedulers.ForceScheduler(name="force", builderNames=["grow", "quick"]))
`;

const site = await Site.start(configuration);
try {
  await measure();
} finally {
  await site.stop();
}

async function measure() {
  console.log(`builds/s alone: ${(await pace()).toFixed(1)}`);
  await site.force("grow");
  const running = await site.running("grow");
  const log = await until("the log", async () => {
    const { steps } = await site.api(`builds/${running.buildid}/steps`);
    const { logs } = steps.length ? await site.api(`steps/${steps[0].stepid}/logs`) : { logs: [] };
    return logs[0]?.logid;
  });
  console.log(`builds/s beside the log that grows: ${(await pace()).toFixed(1)}`);
  // once, so that what the first client of all takes is not counted as what a client takes
  await tail(log, 1, 5);
  const before = await memory();
  for (const newest of [400, 0]) {
    console.log(`\n${clients} clients, ${newest ? `as the page of a log does` : "each of whom wants every line"}`);
    const cpu = await processorTime();
    const reading = tail(log, clients, SECONDS, newest);
    let most = 0;
    const watching = setInterval(async () => (most = Math.max(most, await memory())), 500);
    console.log((await reading).trim());
    clearInterval(watching);
    console.log(`master: ${Math.round((most - before) / clients)} KiB a client, ${Math.round(((await processorTime()) - cpu) / SECONDS * 100)} % of a processor`);
  }
  const reading = tail(log, clients, 40, 400);
  console.log(`\nbuilds/s beside ${clients} clients: ${(await pace()).toFixed(1)}`);
  await reading;
  await site.control(`builds/${running.buildid}`, "stop");
}

/// Builds of the other builder a second.
async function pace() {
  const began = performance.now();
  for (let i = 0; i < BUILDS; i++) await site.force("quick");
  await until("the end of the quick builds", async () => {
    const { meta } = await site.api("buildrequests?complete=false&limit=1");
    return meta.total <= 1;
  }, 120_000);
  return BUILDS / ((performance.now() - began) / 1000);
}

async function tail(log, n, seconds, newest = 400) {
  const address = new URL(site.url).host;
  const { stdout } = await run(tails, ["read", address, log, n, seconds, newest].map(String));
  return stdout;
}

/// What the master keeps in memory, in KiB.
async function memory() {
  return Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${site.masterId}/status`, "utf8"))[1]);
}

/// What the master has used so far, in seconds.
async function processorTime() {
  const fields = (await readFile(`/proc/${site.masterId}/stat`, "utf8")).split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) / Number(execFileSync("getconf", ["CLK_TCK"]));
}
