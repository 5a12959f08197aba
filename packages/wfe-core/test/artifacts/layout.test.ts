import { createHash } from "node:crypto";
import { readFile, unlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LocalArtifactStore } from "../../src/artifacts/store/local-artifact-store.ts";
import { VirtualClock } from "../../src/test-support/virtual-clock.ts";
import { brokenLayoutRules } from "./oci-layout-rules.ts";
import { StoreFolder } from "./store-folder.ts";

let folder: StoreFolder;
const clock = new VirtualClock();
beforeEach(async () => {
  folder = await StoreFolder.make();
});
afterEach(() => folder.remove());

const open = (expiry: "never" | number = "never"): Promise<LocalArtifactStore> => LocalArtifactStore.open(folder.root, { clock, expiry });
const bytes = (text: string): Buffer => Buffer.from(text);
const hexOf = (content: Uint8Array): string => createHash("sha256").update(content).digest("hex");

describe("the OCI image layout (fault 83)", () => {
  it("is valid from the start", async () => {
    await open();

    expect(await brokenLayoutRules(folder.root)).toEqual([]);
    expect(await folder.names(".")).toEqual([".wfe", "blobs", "index.json", "oci-layout"]);
  });

  it("is valid after puts, pins, deletions and sweeps, and has no more than what is there", async () => {
    const [store, short] = [await open(), await open(1000)];
    const infos = await Promise.all([
      store.put(bytes("a"), { mediaType: "text/plain", pinnedBy: "an owner with \u0000 and \ud800" }),
      store.put(bytes("b")),
      store.put(new Uint8Array()),
      short.put(bytes("short-lived")),
      short.put(bytes("pinned"), { pinnedBy: "x" }),
    ]);
    expect(await brokenLayoutRules(folder.root)).toEqual([]);
    // Blobs: five artifacts, their manifests and the empty config.
    expect(await folder.names("blobs/sha256")).toHaveLength(11);

    await store.delete(infos[1].digest);
    await clock.advance(1000);
    await short.put(bytes("short-lived"), { mediaType: "application/json" });
    expect(await brokenLayoutRules(folder.root)).toEqual([]);
    await clock.advance(1000);
    await store.sweep();

    expect(await brokenLayoutRules(folder.root)).toEqual([]);
    expect(await folder.names("blobs/sha256")).toHaveLength(7);
    expect(await folder.names(".wfe/objects")).toHaveLength(3);
    expect(await folder.names(".wfe/temporary")).toEqual([]);
  });

  it("keeps the media type in the manifest", async () => {
    await (await open()).put(bytes("{}!"), { mediaType: "application/json" });

    const index = JSON.parse(await readFile(path.join(folder.root, "index.json"), "utf8"));
    const manifest = JSON.parse(await readFile(path.join(folder.root, "blobs/sha256", index.manifests[0].digest.slice(7)), "utf8"));

    expect(manifest.layers).toEqual([{ mediaType: "application/json", digest: `sha256:${hexOf(bytes("{}!"))}`, size: 3 }]);
  });

  it("keeps the empty config when an artifact with the same bytes goes", async () => {
    const store = await open();
    await store.put(bytes("other"));
    const { digest } = await store.put(bytes("{}"));
    expect(await brokenLayoutRules(folder.root)).toEqual([]);

    expect(await store.delete(digest)).toBe(true);
    await store.sweep();

    expect(await brokenLayoutRules(folder.root)).toEqual([]);
    expect(await store.stat(digest)).toBeUndefined();
  });

  it("keeps a blob that is an artifact and a manifest until it is neither", async () => {
    const store = await open();
    const first = await store.put(bytes("first"));
    const index = JSON.parse(await readFile(path.join(folder.root, "index.json"), "utf8"));
    const manifest = await readFile(path.join(folder.root, "blobs/sha256", index.manifests[0].digest.slice(7)));
    const second = await store.put(manifest);
    expect(second.digest).toBe(index.manifests[0].digest);

    await store.delete(first.digest);
    expect(await brokenLayoutRules(folder.root)).toEqual([]);
    await store.put(bytes("first"));
    await store.delete(second.digest);
    expect(await brokenLayoutRules(folder.root)).toEqual([]);
    await store.delete(first.digest);

    expect(await brokenLayoutRules(folder.root)).toEqual([]);
    expect(await folder.names("blobs/sha256")).toHaveLength(1);
  });

  it("is made good by the next open, and by the next sweep, whatever a crash has left of it", async () => {
    const store = await open();
    const { digest } = await store.put(bytes("a"));
    const index = JSON.parse(await readFile(path.join(folder.root, "index.json"), "utf8"));
    const file = (name: string): string => path.join(folder.root, name);
    const harms = [
      () => unlink(file(`blobs/sha256/${digest.slice(7)}`)),
      () => unlink(file(`blobs/sha256/${index.manifests[0].digest.slice(7)}`)),
      () => writeFile(file(`blobs/sha256/${index.manifests[0].digest.slice(7)}`), ""),
      () => writeFile(file("index.json"), ""),
      () => unlink(file("index.json")),
      () => unlink(file("oci-layout")),
      () => writeFile(file(`blobs/sha256/${"0".repeat(64)}`), "nobody's"),
      () => unlink(file("blobs/sha256/44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a")),
    ];

    for (const [number, harm] of harms.entries()) {
      await harm();
      expect(await brokenLayoutRules(folder.root).catch(() => ["unreadable"]), `harm ${number}`).not.toEqual([]);
      await (number % 2 === 0 ? open() : store.sweep());
      expect(await brokenLayoutRules(folder.root), `harm ${number}`).toEqual([]);
    }
  });
});
