// Asks each page and the main REST endpoints of a running master many times, and prints how long the server took for
// them (the header Server-Timing), beside the size of the answer: node page-times.js http://127.0.0.1:8010 [TIMES]

const [url, times = "20"] = process.argv.slice(2);
if (!url) throw new Error("usage: page-times URL [TIMES]");

/// What an answer above this many milliseconds is marked for.
const TARGET = 50;

async function ask(path, accept) {
  const answer = await fetch(new URL(path, url), { headers: { accept, "accept-encoding": "identity" } });
  const body = await answer.arrayBuffer();
  const took = /dur=([\d.]+)/.exec(answer.headers.get("server-timing") ?? "");
  return { status: answer.status, size: body.byteLength, took: took ? Number(took[1]) : NaN };
}

async function json(path) {
  const answer = await fetch(new URL(path, url), { headers: { accept: "application/json" } });
  return answer.json();
}

/// The paths of a site that has builds: of the builder with most of them, and of its newest finished one.
async function paths() {
  const [build] = (await json("/api/v2/builds?complete=true&order=-buildid&limit=1")).builds;
  const builder = build.builderid;
  const [worker] = (await json("/api/v2/workers?limit=1")).workers;
  const [change] = (await json("/api/v2/changes?order=-changeid&limit=1")).changes;
  const { steps } = await json(`/api/v2/builds/${build.buildid}/steps`);
  const page = `/builders/${builder}/builds/${build.number}`;
  const { builders } = await json("/api/v2/builders?limit=3");
  const chosen = builders.map(({ name }) => `builder=${encodeURIComponent(name)}`).join("&");
  const pages = [
    ...["/", "/builders", "/builders?tag=atlas", "/builders?q=core", `/builders/${builder}`, `/builders/${builder}?before=100`],
    ...[page, `${page}/steps/${steps.at(-1).number}`, `${page}/steps/${steps[0].number}/logs/stdio`],
    ...["/waterfall", `/waterfall?${chosen}`, "/workers", `/workers/${worker.name}`, "/changes", `/changes/${change.changeid}`],
    ...["/requests", "/schedulers", "/about", "/actors", "/health", "/metrics"],
  ];
  const rest = [
    ...["builders?limit=50", "builders", "workers", "builds?limit=50&order=-buildid", "builds?complete=false"],
    ...[`builders/${builder}/builds?limit=20&order=-number`, `builds/${build.buildid}?property=*`],
    ...[`builds/${build.buildid}/steps`, `builds/${build.buildid}/changes`, "buildrequests?complete=false"],
    ...["buildrequests?limit=50&order=-buildrequestid", "buildsets?limit=50&order=-bsid", "changes?limit=50&order=-changeid"],
    ...["schedulers", "forceschedulers", "masters", "builds?results=2&limit=20&order=-complete_at"],
    ...["builds?limit=20&order=-started_at", `changes/${change.changeid}/builds`, `workers/${worker.workerid}/builds?limit=20`],
  ];
  return [...pages.map((path) => [path, "text/html"]), ...rest.map((path) => [`/api/v2/${path}`, "application/json"])];
}

console.log("| median ms | worst ms | KiB | status | path |\n|---:|---:|---:|---:|---|");
let tooSlow = 0;
for (const [path, accept] of await paths()) {
  await ask(path, accept);
  const answers = [];
  for (let i = 0; i < Number(times); i++) answers.push(await ask(path, accept));
  const took = answers.map((answer) => answer.took).sort((a, b) => a - b);
  const [median, worst] = [took[took.length >> 1], took.at(-1)];
  if (median > TARGET) tooSlow++;
  const mark = median > TARGET ? " **slow**" : "";
  const { size, status } = answers[0];
  console.log(`| ${median} | ${worst} | ${Math.round(size / 1024)} | ${status} | \`${decodeURIComponent(path)}\`${mark} |`);
}
console.log(`\n${tooSlow} above ${TARGET} ms`);
