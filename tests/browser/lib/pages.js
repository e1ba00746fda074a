// The pages that there are, on sites with nothing, with something on each, and with a lot.

const LISTS = [
  ...["", "builders", "projects", "waterfall", "workers", "changes", "users", "requests", "schedulers", "reporters"],
  "about",
];

/// Pages that every site has.
export function lists() {
  return LISTS.map((path) => ({ name: path || "home", path: `/${path}` }));
}

/// Pages of a site that has builds: of its newest failed one and of one that runs, if there is one.
export async function pagesOf(url) {
  const first = async (path, name) => {
    const answer = await fetch(`${url}/api/v2/${path}`, { headers: { accept: "application/json" } });
    return (await answer.json())[name][0];
  };
  const red = await first("builds?results=2&order=-buildid&limit=1", "builds");
  const running = await first("builds?complete=false&order=-buildid&limit=1", "builds");
  const failed = await first(`builds/${red.buildid}/steps?results=2`, "steps");
  const worker = await first(`workers?workerid=${red.workerid}`, "workers");
  const change = await first("changes?order=-changeid&limit=1", "changes");
  const build = `/builders/${red.builderid}/builds/${red.number}`;
  const one = [
    ["builder", `/builders/${red.builderid}`],
    ["build-red", build],
    ["step", `${build}/steps/${failed.number}`],
    ["log", `${build}/steps/${failed.number}/logs/stdio`],
    ...(running ? [["build-running", `/builders/${running.builderid}/builds/${running.number}`]] : []),
    ["worker", `/workers/${worker.name}`],
    ["change", `/changes/${change.changeid}`],
    ["person", "/users/1"],
    ["actors", "/actors"],
  ];
  return [...lists(), ...one.map(([name, path]) => ({ name, path }))];
}

/// Fills a site of the standard configuration; name and path of each page. Leaves one build running.
export async function everyPage(site) {
  await pushed(site);
  const green = await site.build("greet/all", "the build of the change", (build) => build.complete);
  const red = await site.built("talk", { reason: "to see it fail" });
  const pipe = await site.pipe("listen");
  await site.force("listen", { reason: "to see it run" });
  const running = await site.running("listen");
  pipe.write("listening\n");
  await site.force("listen", { reason: "to see it wait", priority: 2 });
  const builds = "/builders/talk/builds";
  const all = [
    ["home", "/"],
    ["builders", "/builders"],
    ["builder", "/builders/talk"],
    ["builder-waiting", "/builders/listen"],
    ["build-green", `/builders/greet%2Fall/builds/${green.number}`],
    ["build-red", `${builds}/${red.number}`],
    ["build-running", `/builders/listen/builds/${running.number}`],
    ["step", `${builds}/${red.number}/steps/recite`],
    ["log", `${builds}/${red.number}/steps/recite/logs/stdio`],
    ["log-running", `/builders/listen/builds/${running.number}/steps/listen/logs/stdio`],
    ["waterfall", "/waterfall"],
    ["workers", "/workers"],
    ["worker", "/workers/worker-1"],
    ["changes", "/changes"],
    ["change", "/changes/1"],
    ["people", "/users"],
    ["person", "/users/1"],
    ["reporters", "/reporters"],
    ["projects", "/projects"],
    ["project", "/projects/greetings"],
    ["requests", "/requests"],
    ["schedulers", "/schedulers"],
    ["about", "/about"],
    ["actors", "/actors"],
    ["not-found", "/nosuch"],
  ];
  const pages = all.map(([name, path]) => ({ name, path }));
  return pages;
}

/// A change comes in by the hook.
async function pushed(site) {
  const change = new URLSearchParams({
    author: "Zoë Example <zoe@example.org>",
    comments: "Greet everybody\n\nNot only the world.",
    files: JSON.stringify(["src/greet.c", "README.md"]),
    revision: "0f3c2b1a9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f4a",
    branch: "main",
    repository: "https://git.example.org/greet.git",
    project: "greet",
    revlink: "https://git.example.org/greet/commit/0f3c2b1a",
  });
  const answer = await fetch(`${site.url}/change_hook/base`, { method: "POST", body: change });
  if (!answer.ok) throw new Error(`the hook answered ${answer.status}: ${await answer.text()}`);
}
