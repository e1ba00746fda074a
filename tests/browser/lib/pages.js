// Every page that there is, on a site with something on each.

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
