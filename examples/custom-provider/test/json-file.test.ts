import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, it } from "vitest";
import { sampleChange, sampleEvent, sampleWorkflow } from "wfe-core/test-support";
import { JsonFilePersistenceProvider } from "../src/json-file-persistence-provider.ts";

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "wfe-json-file-"));
  path = join(folder, "workflows.json");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Runs a program of `test/process` to its end. @returns What it prints. */
async function run(program: string, ...args: readonly string[]): Promise<string> {
  const file = fileURLToPath(new URL(`process/${program}.ts`, import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ["--import", "tsx", "--conditions=wfe-source", file, path, ...args], {
    cwd: fileURLToPath(new URL("../", import.meta.url)),
    timeout: 50_000,
  });
  return stdout;
}

async function started(): Promise<JsonFilePersistenceProvider> {
  const persistence = new JsonFilePersistenceProvider({ path });
  await persistence.start();
  return persistence;
}

it("loses no write of two processes", async () => {
  const taken = (await Promise.all([run("count", "50"), run("count", "50")])).flatMap((text) => JSON.parse(text) as number[]);
  const persistence = await started();

  const numbers = Array.from({ length: 100 }, (_, index) => index + 1);
  expect(taken.toSorted((a, b) => a - b)).toEqual(numbers);
  expect((await persistence.getEvents("counted", "", new Date(0))).map(Number).toSorted((a, b) => a - b)).toEqual(numbers);
  expect(await readdir(folder)).toEqual(["workflows.json"]);
  await persistence.stop();
});

it("has the last state, and no lock that is in the way, after a process has died between its file and the rename", async () => {
  await expect(run("die")).rejects.toMatchObject({ signal: "SIGKILL" });
  expect((await readdir(folder)).toSorted()).toEqual(["workflows.json", "workflows.json.lock", "workflows.json.next"]);
  expect(await readFile(`${path}.next`, "utf8")).not.toBe(await readFile(path, "utf8"));

  // All find the lock of the dead one, and one of them may take it.
  const taken = await Promise.all([run("count", "5"), run("count", "5"), run("count", "5")]);

  expect(taken.flatMap((text) => JSON.parse(text) as number[]).toSorted((a, b) => a - b)).toEqual(
    Array.from({ length: 15 }, (_, index) => index + 11),
  );
  expect(await readdir(folder)).toEqual(["workflows.json"]);
});

it("undoes a change that is refused half-way, and not the others of its batch", async () => {
  const persistence = await started();
  await persistence.createNewWorkflow(sampleWorkflow("w"), new Date(0));
  const child = sampleWorkflow("child", { name: "w" });

  const outcomes = await Promise.allSettled([
    persistence.nextDefinitionSequence("d", 1),
    persistence.persistWorkflow(sampleChange("w", "c1", { data: "2", events: [sampleEvent("e")], children: [child] }), new Date(0)),
    persistence.nextDefinitionSequence("d", 1),
  ]);

  expect(outcomes).toMatchObject([{ value: 1 }, { reason: { code: "WFE_WORKFLOW_NAME_TAKEN" } }, { value: 2 }]);
  expect(await persistence.getWorkflowInstance("w")).toMatchObject({ revision: 0, data: sampleWorkflow("w").data });
  expect(await persistence.getEvent("e")).toBeUndefined();
  await persistence.stop();
});

it("writes together what waits in one process, whoever asks, and tells so", async () => {
  const [persistence, other] = [await started(), await started()];
  const sizes: number[] = [];
  const end = other.recordMetrics({ record: (measurement) => void (measurement.kind === "batchWritten" && sizes.push(measurement.size)) });

  await Promise.all([persistence.nextDefinitionSequence("d", 1), persistence.nextDefinitionSequence("d", 1), other.nextDefinitionSequence("d", 1)]);
  end();
  await persistence.nextDefinitionSequence("d", 1);

  expect(sizes).toEqual([3]);
  await Promise.all([persistence.stop(), other.stop()]);
});

it("fails in time when a live process keeps the lock", async () => {
  await (await started()).stop();
  await writeFile(`${path}.lock`, JSON.stringify({ pid: process.pid, token: "held" }));
  const persistence = new JsonFilePersistenceProvider({ path, busyTimeout: 20 });

  await expect(persistence.start()).rejects.toMatchObject({ code: "WFE_STORE_BUSY", retryable: true });
});

it.each([
  ["WFE_STORE_CORRUPT", "{"],
  ["WFE_STORE_CORRUPT", "[]"],
  ["WFE_STORE_NEWER", '{"format":2}'],
])("refuses a file that it cannot read: %s of %s", async (code, text) => {
  await writeFile(path, text);

  await expect(started()).rejects.toMatchObject({ name: "PersistenceError", code, retryable: false });
  expect(await readFile(path, "utf8")).toBe(text);
});
