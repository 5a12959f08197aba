import { describe, expect, it } from "vitest";
import { type ArtifactDigest, ArtifactVolume, ArtifactVolumePackage } from "../../src/index.ts";
import { MapStore } from "./map-store.ts";
import { archive, collected, entry, streamed } from "./tar-bytes.ts";

const bytesOf = (text: string): Uint8Array => Buffer.from(text);
const invalid = { name: "ArtifactError", code: "WFE_ARCHIVE_INVALID" };
const refused = { name: "ArtifactError", code: "WFE_ARCHIVE_REFUSED" };
const corrupt = { name: "ArtifactError", code: "WFE_ARTIFACT_CORRUPT" };

async function volumeOf(contents: Record<string, string>): Promise<{ readonly store: MapStore; readonly volume: ArtifactVolume }> {
  const store = new MapStore();
  const refs = new Map();
  for (const [name, content] of Object.entries(contents)) refs.set(name, await store.add(bytesOf(content)));
  return { store, volume: ArtifactVolume.of(refs, store) };
}

describe("the package of a volume", () => {
  it("puts the same artifacts into another store, with their media types, pinned", async () => {
    const { store, volume } = await volumeOf({ b: "two", a: "one", "empty.tar": "" });
    await store.put(bytesOf("one"), { mediaType: "text/plain" });
    const other = new MapStore();

    const unpacked = await ArtifactVolumePackage.from(volume.package().bytes()).unpack(other, {
      pinnedBy: "instance",
      signal: new AbortController().signal,
    });

    expect([...unpacked]).toEqual([...volume]);
    expect(await collected(unpacked.get("b"))).toEqual(bytesOf("two"));
    expect([...other.blobs.values()].map(({ info }) => [info.size, info.mediaType, info.pinnedBy])).toEqual([
      [3, "text/plain", ["instance"]],
      [3, "application/vnd.oci.image.layer.v1.tar+gzip", ["instance"]],
      [0, "application/vnd.oci.image.layer.v1.tar+gzip", ["instance"]],
    ]);
  });

  it("is the same for the same volume, whatever the order of its names (fault 85)", async () => {
    const first = await volumeOf({ a: "1", b: "2" });
    const second = await volumeOf({ b: "2", a: "1" });

    const bytes = await collected(first.volume.package().bytes());

    expect(await collected(second.volume.package().bytes())).toEqual(bytes);
    expect(bytes.toString("latin1", 0, 13)).toBe("manifest.json");
    expect(bytes.byteLength % 512).toBe(0);
  });

  it("may have nothing in it, and may be in memory", async () => {
    const { volume } = await volumeOf({});
    const bytes = await collected(volume.package().bytes());

    expect((await ArtifactVolumePackage.from(bytes).unpack(new MapStore())).size).toBe(0);
    expect(await collected(ArtifactVolumePackage.from(bytes).bytes())).toEqual(bytes);
  });

  it("reads one artifact after the other, and holds none (fault 76)", async () => {
    const { store, volume } = await volumeOf({ a: "x".repeat(300_000), b: "y".repeat(300_000) });
    const iterator = volume.package().bytes()[Symbol.asyncIterator]();
    expect(store.reads).toEqual([]);

    await iterator.next();
    await iterator.next();

    expect(store.reads.length).toBe(1);
    await iterator.return(undefined);
  });

  it("is not made of what has gone meanwhile, or of what is damaged", async () => {
    const { store, volume } = await volumeOf({ a: "1" });
    const [digest] = [...store.blobs.keys()];
    if (digest === undefined) throw new Error("the store is empty");
    const info = store.blobs.get(digest)?.info;
    if (info === undefined) throw new Error("the store is empty");

    store.blobs.set(digest, { bytes: bytesOf("2"), info });
    await expect(collected(volume.package().bytes())).rejects.toMatchObject(corrupt);
    store.blobs.set(digest, { bytes: bytesOf("11"), info });
    await expect(collected(volume.package().bytes())).rejects.toMatchObject(corrupt);
    store.blobs.delete(digest);
    await expect(collected(volume.package().bytes())).rejects.toMatchObject({
      code: "WFE_ARTIFACT_NOT_FOUND",
      message: expect.stringContaining('"a"'),
    });
  });
});

describe("a package that is not taken", () => {
  const digest: ArtifactDigest = "sha256:6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b"; // of "1"
  const one = { name: "a", digest, size: 1, mediaType: "m" };
  const manifest = (artifacts: unknown, formatVersion = 1): Uint8Array =>
    entry({ name: "manifest.json", content: JSON.stringify({ formatVersion, artifacts }) });
  const content = (name = "a", bytes = "1"): Uint8Array => entry({ name: `artifacts/${name}`, content: bytes });

  it("is told from one that is", async () => {
    expect((await ArtifactVolumePackage.from(archive(manifest([one]), content())).unpack(new MapStore())).names).toEqual(["a"]);
  });

  it.each<readonly [what: string, entries: readonly Uint8Array[], failure: object]>([
    ["nothing in it", [], invalid],
    ["no manifest", [content()], invalid],
    ["a directory for a manifest", [entry({ name: "manifest.json", type: "5" })], invalid],
    ["a manifest without end", [entry({ name: "manifest.json", size: 2 ** 30 })], invalid],
    ["a manifest that is no JSON", [entry({ name: "manifest.json", content: "{" })], invalid],
    ["a manifest that is a list", [entry({ name: "manifest.json", content: "[]" })], invalid],
    ["another version", [manifest([], 2)], invalid],
    ["no artifacts in the manifest", [manifest({})], invalid],
    ["an artifact that is no object", [manifest(["a"])], invalid],
    ["a name that leads out", [manifest([{ ...one, name: "../a" }])], refused],
    ["a name that is none", [manifest([{ ...one, name: 1 }])], refused],
    ["a digest that leads out", [manifest([{ ...one, digest: "sha256:../../x" }])], invalid],
    ["a size that is none", [manifest([{ ...one, size: -1 }])], invalid],
    ["a size that is text", [manifest([{ ...one, size: "1" }])], invalid],
    ["no media type", [manifest([{ ...one, mediaType: undefined }])], invalid],
    ["an artifact twice", [manifest([one, one]), content()], invalid],
    ["artifacts out of order", [manifest([{ ...one, name: "b" }, one])], invalid],
    ["an artifact missing", [manifest([one])], invalid],
    ["an artifact too many", [manifest([one]), content(), content("b")], invalid],
    ["another artifact", [manifest([one]), content("b")], invalid],
    ["an artifact that leads out", [manifest([one]), entry({ name: "../a", content: "1" })], refused],
    ["a link for an artifact", [manifest([{ ...one, size: 0 }]), entry({ name: "artifacts/a", type: "2", target: "x" })], invalid],
    ["an artifact of another size", [manifest([one]), content("a", "11")], invalid],
    ["an artifact that is another", [manifest([one]), content("a", "2")], corrupt],
  ])("%s (fault 72)", async (_, entries, failure) => {
    const store = new MapStore();

    await expect(ArtifactVolumePackage.from(streamed(archive(...entries))).unpack(store)).rejects.toMatchObject(failure);

    expect([...store.blobs.keys()].filter((key) => key !== digest)).toEqual([]);
  });

  it("more than the limits allow", async () => {
    const source = archive(manifest([one]), content());

    await expect(ArtifactVolumePackage.from(source).unpack(new MapStore(), { limits: { maxBytes: 2_000 } })).rejects.toMatchObject(refused);
  });

  it("one whose store says it has put something else", async () => {
    const store = new MapStore();
    const info = await store.put(bytesOf("other"));
    const lying = { get: store.get.bind(store), stat: store.stat.bind(store), put: async () => info };

    await expect(ArtifactVolumePackage.from(archive(manifest([one]), content())).unpack(lying)).rejects.toMatchObject(corrupt);
  });
});
