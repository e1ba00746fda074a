// A real master with a real worker in a temporary directory.

import { closeSync, openSync, writeSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Program, freePort, program, run } from "./programs.js";
import { until } from "./wait.js";

export const WORKER = "worker-1";

export class Site {
  /// Starts a master with this configuration, a function of the site, and a worker unless `withWorker` is false.
  /// `info` has the texts of the worker's info files.
  static async start(configuration, { info = {}, withWorker = true } = {}) {
    const site = new Site();
    site.directory = await mkdtemp(join(tmpdir(), "buildbot-browser-"));
    try {
      await site.#begin(configuration, info, withWorker);
    } catch (error) {
      error.message += await site.#outputs();
      await site.stop();
      throw error;
    }
    return site;
  }

  #master;
  #worker;
  #pipes = new Map();

  async #begin(configuration, info, withWorker) {
    [this.port, this.workerPort] = [await freePort(), await freePort()];
    this.url = `http://127.0.0.1:${this.port}`;
    await run(program("buildbot"), ["create-master", "-q", this.path("master")]);
    await writeFile(this.path("master/master.cfg"), configuration(this));
    this.#master = new Program("buildbot", ["start", "--nodaemon", this.path("master")], this.path("master.out"));
    if (withWorker) await this.#startWorker(info);
    await until("the master's answer", () => {
      if (this.#master.hasEnded) throw new Error("the master ended");
      return fetch(`${this.url}/health`).then((answer) => answer.ok, () => false);
    });
    if (withWorker) {
      await until("the worker's attachment", async () => {
        const { workers } = await this.api("workers");
        return workers.some((worker) => worker.name === WORKER && worker.connected_to.length > 0);
      });
    }
  }

  async #startWorker(info) {
    const address = `127.0.0.1:${this.workerPort}`;
    await run(program("buildbot-worker"), ["create-worker", "-q", this.path("worker"), address, WORKER, "pass"]);
    await mkdir(this.path("worker/info"), { recursive: true });
    for (const [name, text] of Object.entries(info)) await writeFile(this.path(`worker/info/${name}`), text);
    const args = ["start", "--nodaemon", this.path("worker")];
    this.#worker = new Program("buildbot-worker", args, this.path("worker.out"));
  }

  /// Ends both programs and removes the directory.
  async stop() {
    for (const pipe of this.#pipes.values()) pipe.end();
    await this.#worker?.stop();
    await this.#master?.stop();
    await rm(this.directory, { recursive: true, force: true });
  }

  async #outputs() {
    const texts = [];
    for (const name of ["master.out", "worker.out"]) {
      const text = await readFile(this.path(name), "utf8").catch(() => "");
      if (text) texts.push(`\n--- the end of ${name}\n${text.split("\n").slice(-30).join("\n")}`);
    }
    return texts.join("");
  }

  path(relative) {
    return join(this.directory, relative);
  }

  /// The id of the master's process.
  get masterId() {
    return this.#master.child.pid;
  }

  /// JSON of the REST interface.
  async api(path) {
    const answer = await fetch(`${this.url}/api/v2/${path}`, { headers: { accept: "application/json" } });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }

  async control(path, method, params = {}) {
    const answer = await fetch(`${this.url}/api/v2/${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
    });
    const { result, error } = await answer.json();
    if (error) throw new Error(`${method} ${path}: ${JSON.stringify(error.message)}`);
    return result;
  }

  /// Forces a build without a browser.
  force(builder, values = {}) {
    return this.control("forceschedulers/force", "force", { builderNames: [builder], ...values });
  }

  /// The newest build of a builder that `is` accepts, once there is one.
  build(builder, what, is) {
    const path = `builders/${encodeURIComponent(builder)}/builds?order=-number&limit=1`;
    return until(`${builder}: ${what}`, async () => {
      const [build] = (await this.api(path)).builds;
      return build && is(build) && build;
    });
  }

  running(builder) {
    return this.build(builder, "a running build", (build) => !build.complete);
  }

  finished(builder) {
    return this.build(builder, "a finished build", (build) => build.complete);
  }

  /// Waits until no request is open.
  async idle() {
    await until("the end of all builds", async () => {
      const { buildrequests } = await this.api("buildrequests?complete=false");
      return buildrequests.length === 0;
    });
  }

  /// Forces a build and waits for its end.
  async built(builder, values) {
    const before = (await this.api(`builders/${encodeURIComponent(builder)}/builds`)).builds.length;
    await this.force(builder, values);
    return this.build(builder, "the end of a build", (build) => build.complete && build.number > before);
  }

  /// A pipe that a step reads with `cat`: the test decides what the step prints, and when it ends.
  async pipe(name) {
    this.#pipes.get(name)?.end();
    const path = this.pipePath(name);
    await rm(path, { force: true });
    await run("mkfifo", [path]);
    const pipe = new Pipe(path);
    this.#pipes.set(name, pipe);
    return pipe;
  }

  pipePath(name) {
    return this.path(`${name}.pipe`);
  }
}

class Pipe {
  #file;

  constructor(path) {
    // Open for both, or opening would wait for the step.
    this.#file = openSync(path, "r+");
  }

  /// At most 64 KiB can wait for the step.
  write(text) {
    writeSync(this.#file, text);
  }

  /// The step sees the end once it has read everything; call it when the step is known to read.
  end() {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}
