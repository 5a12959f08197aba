import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism, cpus, loadavg, platform, release, totalmem } from "node:os";
import { dirname, join } from "node:path";
import type { Engine } from "./engines.ts";
import { nodeOf } from "./measured-process.ts";
import type { Servers } from "./servers.ts";

/** Where and with what a run was made: lines of a Markdown list. */
export async function machineLines(servers: Servers, engines: readonly Engine[]): Promise<readonly string[]> {
  const { version } = await servers.askPostgres("SELECT current_setting('server_version') AS version");
  const redis = (await servers.redisInfo("server")).get("redis_version");
  const commit = spawnSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" });
  const packages = [...new Set(engines.map((engine) => engine.package))].filter((name) => name !== "wfe").map((name) => `${name} ${versionOf(name)}`);
  const nodes = [...new Set(engines.map(nodeOf))].map((node) => spawnSync(node, ["--version"], { encoding: "utf8" }).stdout.trim());
  return [
    `machine: ${availableParallelism()} cores (${cpus()[0]?.model ?? "unknown"}), ${Math.round(totalmem() / 2 ** 30)} GiB, ${platform()} ${release()}`,
    `load before the run: ${loadBefore()}`,
    `Node.js ${nodes.join(" and ")}; PostgreSQL ${String(version)}, fsync on; Redis ${redis ?? "unknown"}, append-only file synced once per second`,
    `wfe at ${commit.status === 0 ? commit.stdout.trim() : "an unknown commit"}; ${packages.join(", ")}`,
  ];
}

/** Whether others use the machine so much that no figure of it can be trusted. */
export function isBusy(): boolean {
  return (loadavg()[0] ?? 0) > availableParallelism() / 4;
}

function loadBefore(): string {
  return `${(loadavg()[0] ?? 0).toFixed(2)}${isBusy() ? ", **the machine was busy: the figures mean nothing**" : ""}`;
}

/** Of a package that may not export its manifest. */
function versionOf(name: string): string {
  let folder = dirname(createRequire(import.meta.url).resolve(name));
  for (;;) {
    try {
      const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { readonly name?: string; readonly version?: string }; // of npm's format
      if (manifest.name === name && manifest.version !== undefined) return manifest.version;
    } catch {
      // none in this folder
    }
    if (dirname(folder) === folder) return "of an unknown version";
    folder = dirname(folder);
  }
}
