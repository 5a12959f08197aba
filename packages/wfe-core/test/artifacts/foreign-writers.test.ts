import * as nodeFiles from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LocalArtifactStore } from "../../src/artifacts/store/local-artifact-store.ts";
import { Writer } from "../../src/artifacts/writer.ts";
import { digestOf, read } from "../../src/test-support/suites/artifact-steps.ts";
import { VirtualEntropy } from "../../src/test-support/virtual-entropy.ts";
import { brokenLayoutRules } from "./oci-layout-rules.ts";
import { StoppedFiles } from "./stopped-files.ts";
import { StoreFolder } from "./store-folder.ts";

const machine = vi.hoisted(() => ({ name: "here" }));
vi.mock("node:os", async (original) => ({ ...(await original<typeof import("node:os")>()), hostname: () => machine.name }));

const CONTENT = Buffer.from("of another machine");
const DIGEST = digestOf(CONTENT);
const isState = (_from: string, to: string): boolean => to.includes("/.wfe/state/");

let folder: StoreFolder;
beforeEach(async () => {
  folder = await StoreFolder.make();
});
afterEach(() => folder.remove());

/** A store of a machine whose processes others cannot see. */
async function openElsewhere(files: StoppedFiles["files"]): Promise<LocalArtifactStore> {
  machine.name = "elsewhere";
  try {
    return await LocalArtifactStore.open(folder.root, {}, files);
  } finally {
    machine.name = "here";
  }
}

/** Makes every file of a folder look as if nobody had written to it for so long. */
async function age(name: string, hours: number): Promise<void> {
  const then = new Date(Date.now() - hours * 3_600_000);
  for (const file of await folder.names(name)) await nodeFiles.utimes(path.join(folder.root, name, file), then, then);
}

describe("what a writer of another machine has under way", () => {
  it("is left alone for 24 hours, and removed then", async () => {
    const stopped = new StoppedFiles("link", isState);
    const writer = await openElsewhere(stopped.files);
    const store = await LocalArtifactStore.open(folder.root);
    stopped.arm();
    const put = writer.put(CONTENT);
    await stopped.reached;

    await age(".wfe/objects", 23);
    await age(".wfe/temporary", 23);
    await store.sweep();
    expect(await folder.names(".wfe/objects")).toHaveLength(1);
    // The state that it was about to make, and its bytes.
    expect(await folder.names(".wfe/temporary")).toHaveLength(2);

    await age(".wfe/objects", 25);
    await age(".wfe/temporary", 25);
    await store.sweep();
    expect(await folder.names(".wfe/objects")).toEqual([]);
    expect(await folder.names(".wfe/temporary")).toEqual([]);

    stopped.goOn();
    await expect(put).rejects.toMatchObject({ code: "WFE_ARTIFACT_BACKEND", retryable: true });
    await writer.put(CONTENT);
    expect(Buffer.from(await read(store, DIGEST)).equals(CONTENT)).toBe(true);
  });

  it("is not given to the artifact when it comes to itself while it is being removed", async () => {
    const stopped = new StoppedFiles("link", isState);
    const stoppedRemoval = new StoppedFiles("unlink", (file) => file.includes("/.wfe/objects/"));
    const writer = await openElsewhere(stopped.files);
    const store = await LocalArtifactStore.open(folder.root, {}, stoppedRemoval.files);
    stopped.arm();
    stoppedRemoval.arm();
    const put = writer.put(CONTENT);
    await stopped.reached;
    await age(".wfe/objects", 25);

    const swept = store.sweep();
    await stoppedRemoval.reached;
    stopped.goOn();
    await expect(put).rejects.toMatchObject({ code: "WFE_ARTIFACT_BACKEND", retryable: true });
    await writer.put(CONTENT);
    stoppedRemoval.goOn();
    await swept;

    expect(Buffer.from(await read(store, DIGEST)).equals(CONTENT)).toBe(true);
    expect(await folder.names(".wfe/objects")).toHaveLength(1);
    expect(await brokenLayoutRules(folder.root)).toEqual([]);
  });

  it("is not taken for left when it is there no more as it is looked at", async () => {
    const stopped = new StoppedFiles("link", isState);
    const writer = await openElsewhere(stopped.files);
    const looking = new StoppedFiles("lstat", (file) => file.includes("/.wfe/temporary/"));
    const store = await LocalArtifactStore.open(folder.root, {}, looking.files);
    stopped.arm();
    looking.arm();
    const put = writer.put(CONTENT);
    await stopped.reached;

    const swept = store.sweep();
    await looking.reached;
    stopped.goOn();
    await put;
    looking.goOn();
    await swept;

    expect(Buffer.from(await read(store, DIGEST)).equals(CONTENT)).toBe(true);
  });

  it("may lose an index that it is about to put in its place, and writes it again", async () => {
    const stopped = new StoppedFiles("rename", (_from, to) => to.endsWith("/index.json"));
    const writer = await openElsewhere(stopped.files);
    const store = await LocalArtifactStore.open(folder.root);
    stopped.arm();
    const put = writer.put(CONTENT);
    await stopped.reached;
    await age(".wfe/temporary", 25);

    await store.sweep();
    stopped.goOn();
    await put;

    expect(await brokenLayoutRules(folder.root)).toEqual([]);
  });
});

describe("Writer", () => {
  it("tells itself from other stores of its process, and these from processes that are gone", async () => {
    const [one, two] = [await Writer.create(new VirtualEntropy(1)), await Writer.create(new VirtualEntropy(2))];
    const [domain, pid, start] = one.name().split(".");

    expect(await one.presence(one.name())).toBe("self");
    expect(await one.presence(two.name())).toBe("present");
    // The same process id, of a process that was started at another time.
    expect(await one.presence(`${domain}.${pid}.1.x.y`)).toBe(process.platform === "linux" ? "gone" : "present");
    expect(await one.presence(`${domain}.999999999.${start}.x.y`)).toBe("gone");
    expect(await one.presence(`${domain}.1.0.x.y`)).toBe("present");
    expect(await one.presence("a file of somebody")).toBe("unknown");
    expect(await one.presence(`${domain}.-1.${start}.x.y`)).toBe("unknown");
  });

  it.skipIf(process.platform !== "linux")("takes a process that has ended, and that nobody has asked after, for gone", async () => {
    const { spawn } = await import("node:child_process");
    const writer = await Writer.create(new VirtualEntropy(1));
    const [domain] = writer.name().split(".");
    // Stays the parent of a process that has ended, and never asks.
    const parent = spawn("/bin/sh", ["-c", "sleep 0 & echo $!; exec sleep 30"], { stdio: ["ignore", "pipe", "ignore"] });
    const [pid] = await new Promise<string[]>((resolve) => parent.stdout.once("data", (data: Buffer) => resolve(String(data).trim().split("\n"))));

    await vi.waitFor(async () => expect(await writer.presence(`${domain}.${pid}.0.x.y`)).toBe("gone"), { timeout: 10_000 });

    parent.kill("SIGKILL");
  });
});
