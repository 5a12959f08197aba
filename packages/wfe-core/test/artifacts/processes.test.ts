import { stat } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LocalArtifactStore } from "../../src/artifacts/store/local-artifact-store.ts";
import type { ArtifactDigest } from "../../src/models/artifact.ts";
import { all, read } from "../../src/test-support/suites/artifact-steps.ts";
import { VirtualEntropy } from "../../src/test-support/virtual-entropy.ts";
import { brokenLayoutRules } from "./oci-layout-rules.ts";
import { Child } from "./process/child.ts";
import { StoreFolder } from "./store-folder.ts";

/** How often a process is killed while it puts, and for how long several use one store. */
const KILLS = Number(process.env["WFE_ARTIFACT_KILLS"] ?? 10);
const CHURN_MS = Number(process.env["WFE_ARTIFACT_CHURN_MS"] ?? 3000);

let folder: StoreFolder;
const children: Child[] = [];
beforeEach(async () => {
  folder = await StoreFolder.make();
});
afterEach(async () => {
  await Promise.all(children.splice(0).map((child) => child.kill()));
  await folder.remove();
});

function start(script: string, ...args: readonly string[]): Child {
  const child = new Child(script, [folder.root, ...args]);
  children.push(child);
  return child;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));

/** Asserts that a store is whole: every artifact, the layout, and no file too many. */
async function isSound(store: LocalArtifactStore): Promise<void> {
  const infos = await all(store.list());
  for (const { digest } of infos) await read(store, digest);
  expect(await brokenLayoutRules(folder.root)).toEqual([]);
  const { artifacts } = await folder.state();
  expect(await folder.names(".wfe/objects")).toEqual([...artifacts.values()].map(({ object }) => object).toSorted((a, b) => (a < b ? -1 : 1)));
  expect(await folder.names(".wfe/temporary")).toEqual([]);
  for (const { object, digest } of artifacts.values()) {
    const [ours, theirs] = await Promise.all(
      [`.wfe/objects/${object}`, `blobs/sha256/${digest.slice(7)}`].map((file) => stat(path.join(folder.root, file))),
    );
    expect(ours?.ino, "the bytes are on the disk once").toBe(theirs?.ino);
  }
}

describe("a process that is killed while it puts", () => {
  it(
    `has stored what it was told is stored, serves nothing wrong and leaves nothing, ${KILLS} times (fault 84)`,
    async () => {
      const random = new VirtualEntropy(KILLS);
      let stored = 0;
      for (let kill = 0; kill < KILLS; kill += 2) {
        const pair = [start("putter.ts", String(kill)), start("putter.ts", String(kill + 1))];
        await Promise.all(pair.map((child) => child.hasWritten(1)));
        await Promise.all(
          pair.map(async (child) => {
            await pause(random.random() * 200);
            await child.kill();
          }),
        );

        const store = await LocalArtifactStore.open(folder.root);

        await isSound(store);
        for (const digest of pair.flatMap((child) => child.lines.slice(1)) as ArtifactDigest[]) {
          stored += 1;
          expect((await store.stat(digest))?.digest).toBe(digest);
        }
        await store.unpin([String(kill), String(kill + 1)]);
        for (const { digest } of await all(store.list())) await store.delete(digest);
      }
      expect(stored).toBeGreaterThan(KILLS);
    },
    20_000 + KILLS * 2000,
  );

  it("leaves its pinned artifacts to the others, and no object of its own", async () => {
    const child = start("putter.ts", "1");
    await child.hasWritten(4);
    const store = await LocalArtifactStore.open(folder.root);
    await child.kill();

    await store.sweep();

    await isSound(store);
    expect(await all(store.owners({ pinnedBefore: new Date(Date.now() + 1000) }))).toEqual(["1"]);
  });
});

describe("several processes on one store", () => {
  it(
    "read what they put, keep what they pin, and leave a sound store, though one is killed and one is frozen for a while",
    async () => {
      const killed = start("churner.ts", "1");
      const frozen = start("churner.ts", "2");
      const others = ["3", "4"].map((seed) => start("churner.ts", seed));
      await Promise.all([killed, frozen, ...others].map((child) => child.hasWritten(1)));

      for (let part = 0; part < 5; part += 1) {
        frozen.process.kill("SIGSTOP");
        await pause(CHURN_MS / 10);
        frozen.process.kill("SIGCONT");
        await pause(CHURN_MS / 10);
        if (part === 2) await killed.kill();
      }
      for (const child of [frozen, ...others]) child.tell("stop");
      expect(await Promise.all([frozen, ...others].map((child) => child.ended()))).toEqual([0, 0, 0]);

      const store = await LocalArtifactStore.open(folder.root);
      await isSound(store);
      for (const child of others) expect(Object.keys(JSON.parse(child.lines.at(-1) ?? "{}")).length).toBeGreaterThan(3);
    },
    30_000 + CHURN_MS,
  );

  it("keep what a frozen one has under way", async () => {
    const child = start("putter.ts", "1");
    await child.hasWritten(2);
    child.process.kill("SIGSTOP");
    const before = new Set(await folder.names(".wfe/objects"));
    const named = new Set([...(await folder.state()).artifacts.values()].map(({ object }) => object));

    const store = await LocalArtifactStore.open(folder.root);
    await store.sweep();
    const after = await folder.names(".wfe/objects");
    child.process.kill("SIGCONT");
    const said = child.lines.length;
    await child.hasWritten(said + 3);
    await child.kill();

    expect([...named].filter((object) => !after.includes(object) && before.has(object))).toEqual([]);
    await store.sweep();
    await isSound(store);
    for (const digest of child.lines.slice(1) as ArtifactDigest[]) expect(await store.stat(digest)).toBeDefined();
  });
});
