import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { expectedSteps } from "../src/expected-steps.ts";
import type { JournalEntry } from "../src/journal.ts";
import { readOrders } from "../src/order.ts";
import { readRecords } from "../src/record-file.ts";
import { runOrders } from "../src/run-orders.ts";
import { shopFiles } from "../src/shop-files.ts";

const stepsOf = (count: number) => readOrders(count).reduce((sum, order) => sum + expectedSteps(order).length, 0);

describe("the orders in processes that are killed", { timeout: 60_000 }, () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "wfe-pizza-test-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it("are all finished, none lost and nothing committed twice, after one SIGKILL", async () => {
    const kills: number[] = [];

    const report = await runOrders({ folder, orders: 12, kills: 1, seed: 7, onKill: (_, steps) => kills.push(steps) });

    expect(report).toMatchObject({ orders: 12, kills: 1, stepsCommitted: stepsOf(12), lost: [], duplicated: [] });
    expect(kills).toEqual([expect.toSatisfy((steps: number) => steps > 0 && steps < stepsOf(12))]);
    expect(report.stepsRunAgain).toBeGreaterThanOrEqual(0);
    expect(new Set(readRecords<JournalEntry>(shopFiles(folder).journal).map(({ pid }) => pid)).size).toBe(2);
  });

  it("run no step again when nothing is killed", async () => {
    const report = await runOrders({ folder, orders: 6, kills: 0, seed: 1 });

    expect(report).toMatchObject({ orders: 6, kills: 0, stepsCommitted: stepsOf(6), stepsRunAgain: 0, lost: [], duplicated: [] });
  });
});

describe("the demo's command", { timeout: 60_000 }, () => {
  const demo = (...args: readonly string[]) => demoWith({}, ...args);
  const demoWith = (env: Readonly<Record<string, string>>, ...args: readonly string[]) =>
    new Promise<{ code: number | null; out: string; err: string }>((resolve, reject) => {
      const child = spawn(process.execPath, ["--import", "tsx", "--conditions=wfe-source", "src/demo.ts", ...args], {
        cwd: fileURLToPath(new URL("..", import.meta.url)),
        env: { ...process.env, PIZZA_POSTGRES_URL: "", ...env },
      });
      let out = "";
      let err = "";
      child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
      child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
      child.once("error", reject);
      child.once("close", (code) => resolve({ code, out, err }));
    });

  it("prints the verdict and exits with 0", async () => {
    const { code, out } = await demo("--orders", "4", "--kills", "1", "--seed", "3");

    expect(out).toContain("4 orders in a process that is killed once (seed 3)");
    expect(out).toMatch(/lost +│ +0 │/);
    expect(out).toMatch(/duplicated commits +│ +0 │/);
    expect(code).toBe(0);
  });

  it("keeps the orders on PostgreSQL when that is named, and leaves nothing there", async () => {
    const url = process.env["WFE_TEST_POSTGRES_URL"] ?? ""; // named, or started, by the set-up of the run
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    const schemas = async () => (await client.query("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'wfe-pizza-%' ORDER BY 1")).rows;
    const before = await schemas();

    const { code, out } = await demoWith({ PIZZA_POSTGRES_URL: url }, "--orders", "4", "--kills", "1", "--seed", "3");

    expect(out).toMatch(/lost +│ +0 │/);
    expect(out).toMatch(/duplicated commits +│ +0 │/);
    expect(code).toBe(0);
    expect(await schemas()).toEqual(before);
    await client.end();
  });

  it("refuses options that make no sense", async () => {
    expect(await demo("--kills", "some")).toMatchObject({ code: 2, err: '--kills must be a whole number from 0 to 100: got "some"\n' });
    expect(await demo("--speed", "9")).toMatchObject({ code: 2, err: expect.stringContaining("Unknown option '--speed'") });
    expect(await demo("--orders", "201")).toMatchObject({ code: 2, err: '--orders must be a whole number from 1 to 200: got "201"\n' });
  });
});
