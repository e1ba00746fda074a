// The programs under test as processes: each is ended by its own handle, also when a test fails.

import { execFile, spawn } from "node:child_process";
import { existsSync, openSync, closeSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), "../../..");
export const run = promisify(execFile);

/// Where `buildbot` and `buildbot-worker` are: BUILDBOT_PROGRAMS, or the debug build.
const PROGRAMS = process.env.BUILDBOT_PROGRAMS ?? join(process.env.CARGO_TARGET_DIR ?? join(ROOT, "target"), "debug");

export function program(name) {
  const path = join(PROGRAMS, name);
  if (!existsSync(path)) throw new Error(`${path} is not there: run \`cargo build --workspace\` first`);
  return path;
}

/// A port that nobody listens on at this moment.
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

const running = new Set();
process.on("exit", () => running.forEach((child) => child.kill("SIGKILL")));
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));

/// A program in the foreground whose output goes to a file.
export class Program {
  constructor(name, args, output) {
    const file = openSync(output, "a");
    this.child = spawn(program(name), args, { stdio: ["ignore", file, file] });
    closeSync(file);
    running.add(this.child);
    this.ended = new Promise((resolve) => this.child.once("exit", resolve)).then(() => running.delete(this.child));
  }

  get hasEnded() {
    return !running.has(this.child);
  }

  /// Asks it to end, and makes it after ten seconds.
  async stop() {
    if (this.hasEnded) return;
    this.child.kill("SIGTERM");
    const force = setTimeout(() => this.child.kill("SIGKILL"), 10_000);
    await this.ended;
    clearTimeout(force);
  }
}
