import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LocalArtifactStore } from "../../src/artifacts/store/local-artifact-store.ts";
import { VirtualClock } from "../../src/test-support/virtual-clock.ts";
import { digestOf, read } from "../../src/test-support/suites/artifact-steps.ts";
import { brokenLayoutRules } from "./oci-layout-rules.ts";
import { StoppedFiles } from "./stopped-files.ts";
import { StoreFolder } from "./store-folder.ts";

let folder: StoreFolder;
const clock = new VirtualClock();
beforeEach(async () => {
  folder = await StoreFolder.make();
});
afterEach(() => folder.remove());

const CONTENT = Buffer.from("contested");
const DIGEST = digestOf(CONTENT);

const open = (expiry: "never" | number = "never"): Promise<LocalArtifactStore> => LocalArtifactStore.open(folder.root, { clock, expiry });
const isState = (_from: string, to: string): boolean => to.includes("/.wfe/state/");
const isObject = (path: string): boolean => path.includes("/.wfe/objects/");
const isBlob = (path: string): boolean => path.endsWith(`/blobs/sha256/${DIGEST.slice(7)}`);

/** A store that stops at an operation; the others go on. */
async function openStopped(stopped: StoppedFiles, expiry: "never" | number = "never"): Promise<LocalArtifactStore> {
  const store = await LocalArtifactStore.open(folder.root, { clock, expiry }, stopped.files);
  stopped.arm();
  return store;
}

/** More changes than there are states that stay. */
async function manyChanges(store: LocalArtifactStore): Promise<void> {
  for (let change = 0; change < 12; change += 1) await store.put(Buffer.from(`change ${change}`));
}

/** Asserts that the artifact is whole, and everything else sound: no file too many and none missing, in the layout or behind it. */
async function isWhole(store: LocalArtifactStore, artifacts: number): Promise<void> {
  expect(Buffer.from(await read(store, DIGEST)).equals(CONTENT)).toBe(true);
  await isSound(artifacts);
}

async function isSound(artifacts: number): Promise<void> {
  expect(await brokenLayoutRules(folder.root)).toEqual([]);
  expect((await folder.state()).artifacts.size).toBe(artifacts);
  expect(await folder.names(".wfe/objects")).toHaveLength(artifacts);
  expect(await folder.names(".wfe/temporary")).toEqual([]);
}

describe("a sweep", () => {
  it("that has decided before a put does not remove what was put (fault 79)", async () => {
    const stopped = new StoppedFiles("link", isState);
    const [sweeper, other] = [await openStopped(stopped, 0), await open()];
    await open(0).then((short) => short.put(CONTENT));

    const swept = sweeper.sweep();
    await stopped.reached;
    await other.put(CONTENT);
    stopped.goOn();

    expect(await swept).toEqual({ artifacts: 0, bytes: 0 });
    await isWhole(other, 1);
  });

  it("that has decided before a pin does not remove what was pinned (fault 80)", async () => {
    const stopped = new StoppedFiles("link", isState);
    const other = await open();
    await open(1000).then((short) => short.put(CONTENT));
    const expiresAt = clock.now() + 1000;
    await clock.advance(999);
    // Its clock goes before: for the other store the artifact has not expired.
    const sweeper = await LocalArtifactStore.open(folder.root, { clock: new VirtualClock({ start: expiresAt }) }, stopped.files);
    stopped.arm();

    const swept = sweeper.sweep();
    await stopped.reached;
    expect(await other.pin([DIGEST], "workflow")).toEqual([DIGEST]);
    stopped.goOn();

    expect(await swept).toEqual({ artifacts: 0, bytes: 0 });
    await isWhole(other, 1);
  });

  it.each([
    ["the blob of the layout", isBlob],
    ["the object", isObject],
  ])(
    "that is frozen before it removes %s, and goes on when the same bytes were put again, removes nothing of them (fault 79)",
    async (_what, matches) => {
      const stopped = new StoppedFiles("unlink", matches);
      const [sweeper, other] = [await openStopped(stopped, 0), await open()];
      await open(0).then((short) => short.put(CONTENT));

      const swept = sweeper.sweep();
      await stopped.reached;
      await other.put(CONTENT);
      expect(Buffer.from(await read(other, DIGEST)).equals(CONTENT)).toBe(true);
      stopped.goOn();
      await swept;

      await isWhole(other, 1);
    },
  );

  it("does not remove what a put of another store has under way", async () => {
    const stopped = new StoppedFiles("link", isState);
    const [writer, other] = [await openStopped(stopped), await open()];

    const put = writer.put(CONTENT);
    await stopped.reached;
    await other.sweep();
    await open();
    stopped.goOn();
    await put;

    await isWhole(other, 1);
  });

  it("does not remove what a put of its own store has under way", async () => {
    const stopped = new StoppedFiles("link", isState);
    const writer = await openStopped(stopped);

    const put = writer.put(CONTENT);
    await stopped.reached;
    const swept = writer.sweep();
    stopped.goOn();
    await Promise.all([put, swept]);

    await isWhole(writer, 1);
  });
});

describe("a put", () => {
  it("whose number for the next state was another's and is free again is not taken for done", async () => {
    const stopped = new StoppedFiles("link", isState);
    const [writer, other] = [await openStopped(stopped), await open()];

    const put = writer.put(CONTENT);
    await stopped.reached;
    await manyChanges(other);
    stopped.goOn();

    expect((await put).digest).toBe(DIGEST);
    await isWhole(other, 13);
  });

  it("that is frozen when its state is made, and overtaken by many, finds that it is done", async () => {
    const stopped = new StoppedFiles("link", isState, "after");
    const [writer, other] = [await openStopped(stopped), await open()];

    const put = writer.put(CONTENT);
    await stopped.reached;
    await manyChanges(other);
    expect(await other.stat(DIGEST)).toBeDefined();
    stopped.goOn();

    expect((await put).digest).toBe(DIGEST);
    await isWhole(other, 13);
  });

  it("that is frozen when its state is made, and whose artifact is deleted meanwhile, puts it again", async () => {
    const stopped = new StoppedFiles("link", isState, "after");
    const [writer, other] = [await openStopped(stopped), await open()];

    const put = writer.put(CONTENT);
    await stopped.reached;
    expect(await other.delete(DIGEST)).toBe(true);
    await manyChanges(other);
    stopped.goOn();

    expect((await put).digest).toBe(DIGEST);
    await isWhole(other, 13);
  });

  it("that is frozen when its state is made, and whose bytes are replaced by another put meanwhile, puts them again and keeps both pins", async () => {
    const stopped = new StoppedFiles("link", isState, "after");
    const [writer, other] = [await openStopped(stopped), await open()];

    const put = writer.put(CONTENT, { pinnedBy: "frozen" });
    await stopped.reached;
    await other.put(CONTENT, { pinnedBy: "other" });
    await manyChanges(other);
    stopped.goOn();

    expect((await put).pinnedBy).toEqual(["frozen", "other"]);
    await isWhole(other, 13);
  });

  it("that is frozen when its state is made, while its artifact is deleted by one who is frozen before it removes the bytes, has them", async () => {
    const [stopped, stoppedToo] = [new StoppedFiles("link", isState, "after"), new StoppedFiles("unlink", isObject)];
    const [writer, deleter, other] = [await openStopped(stopped), await openStopped(stoppedToo), await open()];

    const put = writer.put(CONTENT);
    await stopped.reached;
    const deleted = deleter.delete(DIGEST);
    await stoppedToo.reached;
    await manyChanges(other);
    stopped.goOn();
    await put;
    stoppedToo.goOn();
    await deleted;

    await isWhole(other, 13);
  });

  it("that is frozen before it shows its blob leaves none when the artifact is deleted meanwhile", async () => {
    const stopped = new StoppedFiles("link", (_from, to) => isBlob(to));
    const [writer, other] = [await openStopped(stopped), await open()];

    const put = writer.put(CONTENT);
    await stopped.reached;
    expect(await other.delete(DIGEST)).toBe(true);
    stopped.goOn();
    await put;

    expect(await writer.stat(DIGEST)).toBeUndefined();
    await isSound(0);
  });

  it("that is frozen with an old index in hand puts the newest in its place", async () => {
    const stopped = new StoppedFiles("rename", (_from, to) => to.endsWith("/index.json"));
    const [writer, other] = [await openStopped(stopped), await open()];

    const put = writer.put(CONTENT);
    await stopped.reached;
    await other.put(Buffer.from("other"));
    stopped.goOn();
    await put;

    await isWhole(other, 2);
  });

  it("that is called off before its state is made leaves nothing", async () => {
    const stopped = new StoppedFiles("link", isState);
    const [writer, other] = [await openStopped(stopped), await open()];
    const controller = new AbortController();

    const put = writer.put(CONTENT, { signal: controller.signal });
    await stopped.reached;
    await other.put(Buffer.from("other"));
    controller.abort(new Error("called off"));
    stopped.goOn();

    await expect(put).rejects.toThrow("called off");
    await isSound(1);
  });
});

describe("a deletion", () => {
  it("that is overtaken by many does not delete what was put after it", async () => {
    const stopped = new StoppedFiles("link", isState, "after");
    const [deleter, other] = [await openStopped(stopped), await open()];
    await other.put(CONTENT);

    const deleted = deleter.delete(DIGEST);
    await stopped.reached;
    await other.put(CONTENT);
    await manyChanges(other);
    stopped.goOn();

    expect(await deleted).toBe(true);
    await isWhole(other, 13);
  });

  it("whose number for the next state is free again is done nevertheless", async () => {
    const stopped = new StoppedFiles("link", isState);
    const [deleter, other] = [await openStopped(stopped), await open()];
    await other.put(CONTENT);

    const deleted = deleter.delete(DIGEST);
    await stopped.reached;
    await manyChanges(other);
    stopped.goOn();

    expect(await deleted).toBe(true);
    expect(await other.stat(DIGEST)).toBeUndefined();
    await isSound(12);
  });
});

describe("a reader", () => {
  it("that is frozen before it opens the bytes reads those of a put that has replaced them", async () => {
    const stopped = new StoppedFiles("open", isObject);
    const [reader, other] = [await openStopped(stopped), await open()];
    await other.put(CONTENT);

    const bytes = read(reader, DIGEST);
    await stopped.reached;
    await other.put(CONTENT);
    stopped.goOn();

    expect(Buffer.from(await bytes).equals(CONTENT)).toBe(true);
  });

  it("that is frozen before it opens the bytes says that they are not there when they are deleted", async () => {
    const stopped = new StoppedFiles("open", isObject);
    const [reader, other] = [await openStopped(stopped), await open()];
    await other.put(CONTENT);

    const bytes = read(reader, DIGEST);
    await stopped.reached;
    await other.delete(DIGEST);
    stopped.goOn();

    await expect(bytes).rejects.toMatchObject({ code: "WFE_ARTIFACT_NOT_FOUND" });
  });

  it("goes on with bytes that are deleted while it reads them", async () => {
    const store = await open();
    const large = Buffer.alloc(1_000_000, "large");
    const { digest } = await store.put(large);
    const pieces: Uint8Array[] = [];

    for await (const piece of store.get(digest)) {
      if (pieces.length === 0) expect(await store.delete(digest)).toBe(true);
      pieces.push(piece);
    }

    expect(Buffer.concat(pieces).equals(large)).toBe(true);
    await isSound(0);
  });

  it("reads the next state when that which it has listed is gone", async () => {
    const stopped = new StoppedFiles("readFile", (file) => file.includes("/.wfe/state/"));
    const [reader, other] = [await openStopped(stopped), await open()];
    await other.put(CONTENT);

    const found = reader.stat(DIGEST);
    await stopped.reached;
    await manyChanges(other);
    stopped.goOn();

    expect(await found).toBeDefined();
  });
});

describe("a store that is opened", () => {
  it.each(["link", "mkdir", "rename"] as const)("by two at the same moment, of whom one is frozen before a %s, is one store", async (operation) => {
    const stopped = new StoppedFiles(operation, (from, to) => (operation === "link" ? isState(from, to) : true));
    stopped.arm();

    const first = LocalArtifactStore.open(folder.root, { clock }, stopped.files);
    await stopped.reached;
    const second = await open();
    await second.put(CONTENT);
    stopped.goOn();

    await isWhole(await first, 1);
  });
});
