import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { processTreeCpuMs } from "../src/process-tree-cpu.ts";

const BURN_MS = 300;
/** A process whose child works for a while, and which then waits for the end of its input. */
const PARENT = `
const { spawnSync } = require("node:child_process");
spawnSync(process.execPath, ["-e", "const end = process.cpuUsage().user + ${BURN_MS * 1_000}; while (process.cpuUsage().user < end) for (let index = 0; index < 1e5; index += 1);"]);
console.log("done");
process.stdin.resume();
`;

describe.skipIf(process.platform !== "linux")("processTreeCpuMs", () => {
  it("counts the children that have ended", async () => {
    const parent = spawn(process.execPath, ["-e", PARENT], { stdio: ["pipe", "pipe", "inherit"] });
    await once(parent.stdout, "data");

    const used = processTreeCpuMs(parent.pid ?? 0);

    parent.stdin.end();
    await once(parent, "exit");
    expect(used).toBeGreaterThanOrEqual(BURN_MS);
  });

  it("counts the children that run", async () => {
    const own = process.cpuUsage();
    const ownMs = (own.user + own.system) / 1_000;

    expect(processTreeCpuMs(process.ppid)).toBeGreaterThanOrEqual(ownMs * 0.8);
  });
});
