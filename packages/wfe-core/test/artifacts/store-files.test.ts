import * as nodeFiles from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LocalArtifactStore } from "../../src/artifacts/store/local-artifact-store.ts";
import type { FileSystem } from "../../src/artifacts/store/store-folders.ts";
import type { ArtifactDigest } from "../../src/models/artifact.ts";
import { read } from "../../src/test-support/suites/artifact-steps.ts";
import { brokenLayoutRules } from "./oci-layout-rules.ts";
import { alteredFiles, StoreFolder } from "./store-folder.ts";

let folder: StoreFolder;
beforeEach(async () => {
  folder = await StoreFolder.make();
});
afterEach(() => folder.remove());

/** An error of the file system. */
function fileError(code: string, syscall = "write"): Error {
  return Object.assign(new Error(`${code}: made for a test, ${syscall}`), { code, syscall, errno: -1 });
}

async function open(files: FileSystem = nodeFiles): Promise<LocalArtifactStore> {
  return await LocalArtifactStore.open(folder.root, {}, files);
}

const file = (name: string): string => path.join(folder.root, name);

describe("opening a folder", () => {
  it.each([
    ["an OCI layout of somebody else", "index.json", '{"schemaVersion":2,"manifests":[]}'],
    ["something else", "photo.jpg", "…"],
  ])("refuses %s, and leaves it as it was", async (_what, name, content) => {
    await nodeFiles.mkdir(folder.root);
    await nodeFiles.writeFile(file(name), content);

    await expect(open()).rejects.toMatchObject({ code: "WFE_ARTIFACT_BACKEND", retryable: false, message: expect.stringContaining(name) });

    expect(await folder.names(".")).toEqual([name]);
    expect(await nodeFiles.readFile(file(name), "utf8")).toBe(content);
  });

  it("refuses a store whose state is lost", async () => {
    await (await open()).put(Buffer.from("a"));
    await nodeFiles.rm(file(".wfe/state"), { recursive: true });

    await expect(open()).rejects.toMatchObject({ code: "WFE_ARTIFACT_BACKEND", message: expect.stringContaining(".wfe/state is lost") });
  });

  it("goes on with one that a crash has left half made, and with one that a file system has put its own into", async () => {
    await nodeFiles.mkdir(file(".wfe/state"), { recursive: true });
    await nodeFiles.mkdir(file("lost+found"));

    const store = await open();

    const { digest } = await store.put(Buffer.from("a"));
    expect(Buffer.from(await read(store, digest)).toString()).toBe("a");
  });

  it("refuses a file system without hard links, and says so", async () => {
    const files = alteredFiles(nodeFiles, { link: () => Promise.reject(fileError("EPERM", "link")) });

    await expect(open(files)).rejects.toMatchObject({ code: "WFE_ARTIFACT_BACKEND", message: expect.stringContaining("without hard links") });
  });

  it("refuses options that are none, before it makes anything", async () => {
    await expect(LocalArtifactStore.open(folder.root, { maxBlobBytes: 0.5 })).rejects.toThrow(RangeError);
    await expect(LocalArtifactStore.open(folder.root, { expiry: -1 })).rejects.toThrow(RangeError);

    expect(await folder.names("..")).toEqual([]);
  });

  it("refuses a state that it cannot read, and one of a newer version", async () => {
    await open();
    const harmed = async (text: string): Promise<unknown> => {
      await nodeFiles.writeFile(file(`.wfe/state/${"8".padStart(16, "0")}`), text);
      return await open().catch((error: unknown) => error);
    };
    const sound = await nodeFiles.readFile(file("index.json"), "utf8");
    const artifact = (annotations: object): string => sound.replace("[]", JSON.stringify([{ annotations }]));
    const ref = { "org.opencontainers.image.ref.name": "a".repeat(64), "dev.wfe.artifact.media-type": "a/b" };

    for (const text of [
      "",
      "null",
      "{}",
      '{"manifests":[]}',
      sound.replace('"[]"', '"[1]"'),
      sound.replace('"[]"', String.raw`"[\"../../../x\"]"`),
      artifact({}),
      artifact(ref),
      artifact({ ...ref, "dev.wfe.artifact.object": "../x" }),
      artifact({ ...ref, "dev.wfe.artifact.object": "x" }),
    ]) {
      expect(await harmed(text), text).toMatchObject({ code: "WFE_ARTIFACT_BACKEND", retryable: false, message: expect.stringContaining("restore") });
    }
    expect(await harmed(sound.replace('"dev.wfe.store.version":"1"', '"dev.wfe.store.version":"2"'))).toMatchObject({
      message: expect.stringContaining("newer version"),
    });
  });
});

describe("what a digest leads to (fault 71)", () => {
  it("is inside of the folder", async () => {
    const seen: string[] = [];
    const files = alteredFiles(nodeFiles, {
      open: (name: string, ...rest: [string]) => {
        seen.push(name);
        return nodeFiles.open(name, ...rest);
      },
    });
    const store = await open(files);
    seen.length = 0;

    for (const digest of ["sha256:../../../../etc/passwd", "../oci-layout", "sha256:..%2f"] as ArtifactDigest[]) {
      await expect(read(store, digest).catch((error: Error) => Promise.reject(error))).rejects.toMatchObject({ code: "WFE_ARTIFACT_REF_INVALID" });
    }

    expect(seen).toEqual([]);
  });
});

describe("bytes that are not those of the digest (fault 74)", () => {
  it.each([
    ["cut off", (bytes: Buffer) => bytes.subarray(1), "has 99 of its 100 bytes"],
    ["made longer", (bytes: Buffer) => Buffer.concat([bytes, bytes]), "has more than its 100 bytes"],
    ["others", (bytes: Buffer) => bytes.fill(1), "has the bytes of sha256:"],
  ])("are never given: %s", async (_how, harm, message) => {
    const store = await open();
    const { digest } = await store.put(Buffer.alloc(100, "x"));
    const object = await folder.objectOf(digest);
    await nodeFiles.writeFile(object, harm(await nodeFiles.readFile(object)));
    const given: Uint8Array[] = [];

    const reading = (async () => {
      for await (const piece of store.get(digest)) given.push(piece);
    })();

    await expect(reading).rejects.toMatchObject({ code: "WFE_ARTIFACT_CORRUPT", message: expect.stringContaining(message) });
    expect(given).toEqual([]);
  });

  it("are told from bytes that are lost, which a put brings back", async () => {
    const store = await open();
    const { digest } = await store.put(Buffer.from("lost"));
    await nodeFiles.unlink(await folder.objectOf(digest));

    await expect(read(store, digest)).rejects.toMatchObject({ code: "WFE_ARTIFACT_CORRUPT", message: expect.stringContaining("lost its file") });
    await store.put(Buffer.from("lost"));

    expect(Buffer.from(await read(store, digest)).toString()).toBe("lost");
    expect(await brokenLayoutRules(folder.root)).toEqual([]);
  });
});

describe("errors of the file system", () => {
  it.each([
    ["ENOSPC", true],
    ["EIO", true],
    ["EMFILE", true],
    ["EBUSY", true],
    ["EACCES", false],
    ["EROFS", false],
    ["ENOTDIR", false],
  ])("%s is told with its cause, retryable: %s", async (code, retryable) => {
    await open();
    const cause = fileError(code);
    let isFailing = false;
    const store = await open(
      alteredFiles(nodeFiles, {
        open: (name: string, flags: string) => (isFailing ? Promise.reject(cause) : nodeFiles.open(name, flags)),
        readdir: (name: string) => (isFailing ? Promise.reject(cause) : nodeFiles.readdir(name)),
      }),
    );
    const { digest } = await store.put(Buffer.from("a"));
    isFailing = true;
    const failure = { name: "ArtifactError", code: "WFE_ARTIFACT_BACKEND", retryable, cause };

    await expect(store.put(Buffer.from("b"))).rejects.toMatchObject(failure);
    await expect(store.put(Buffer.alloc(200_000))).rejects.toMatchObject(failure);
    await expect(read(store, digest)).rejects.toMatchObject(failure);
    await expect(store.stat(digest)).rejects.toMatchObject(failure);
    await expect(store.pin([digest], "x")).rejects.toMatchObject(failure);
    await expect(store.unpin(["x"])).rejects.toMatchObject(failure);
    await expect(store.delete(digest)).rejects.toMatchObject(failure);
    await expect(store.sweep()).rejects.toMatchObject(failure);
    await expect(store.list()[Symbol.asyncIterator]().next()).rejects.toMatchObject(failure);
    await expect(store.owners({ pinnedBefore: new Date() })[Symbol.asyncIterator]().next()).rejects.toMatchObject(failure);
    isFailing = false;

    expect(await folder.names(".wfe/objects")).toHaveLength(1);
    expect((await store.put(Buffer.from("b"))).size).toBe(1);
  });

  it.each(["lstat", "readFile", "unlink", "rename", "link"] as const)(
    "of %s leave a store that goes on, and no file too many after a sweep",
    async (operation) => {
      let isFailing = false;
      const original = nodeFiles[operation] as (...args: any[]) => Promise<unknown>;
      const files = alteredFiles(nodeFiles, {
        [operation]: (...args: any[]) => (isFailing ? Promise.reject(fileError("EIO")) : original(...args)),
      });
      const [store, other] = [await open(files), await open()];
      const { digest } = await store.put(Buffer.from("a"));
      await other.put(Buffer.from("newer than what the store has read"));
      isFailing = true;

      await expect(store.put(Buffer.from("a"))).rejects.toMatchObject({ code: "WFE_ARTIFACT_BACKEND", retryable: true });
      await expect(store.put(Buffer.from("b"))).rejects.toMatchObject({ code: "WFE_ARTIFACT_BACKEND", retryable: true });
      await expect(store.sweep()).rejects.toMatchObject({ code: "WFE_ARTIFACT_BACKEND", retryable: true });
      isFailing = false;
      await store.sweep();

      expect(Buffer.from(await read(store, digest)).toString()).toBe("a");
      expect(await brokenLayoutRules(folder.root)).toEqual([]);
      expect(await folder.names(".wfe/objects")).toHaveLength((await folder.state()).artifacts.size);
      await open();
    },
  );

  it("are told when the folder is taken away", async () => {
    const store = await open();
    await nodeFiles.rm(folder.root, { recursive: true });

    await expect(store.put(Buffer.from("a"))).rejects.toMatchObject({ code: "WFE_ARTIFACT_BACKEND", retryable: false });
    await expect(store.stat(`sha256:${"a".repeat(64)}`)).rejects.toMatchObject({ code: "WFE_ARTIFACT_BACKEND" });
    await nodeFiles.mkdir(file(".wfe/state"), { recursive: true });
    await expect(store.stat(`sha256:${"a".repeat(64)}`)).rejects.toMatchObject({ message: expect.stringContaining("has no state") });
  });
});

describe("what reaches the disk (fault 84)", () => {
  it("are the bytes, their name and the state, each before the next", async () => {
    const order: string[] = [];
    const kind = (name: string): string => /\.wfe\/(\w+)\/?/.exec(`${name}/`)?.[1] ?? path.basename(name);
    const files = alteredFiles(nodeFiles, {
      async open(name: string, flags: string) {
        const handle = await nodeFiles.open(name, flags);
        const sync = handle.sync.bind(handle);
        handle.sync = async () => {
          order.push(`${flags === "r" ? "folder" : "file"} ${kind(name)}`);
          await sync();
        };
        return handle;
      },
      async link(from: string, to: string) {
        order.push(`link ${kind(to)}`);
        await nodeFiles.link(from, to);
      },
      async rename(from: string, to: string) {
        order.push(`rename ${kind(to)}`);
        await nodeFiles.rename(from, to);
      },
      async unlink(name: string) {
        if (kind(name) !== "temporary") order.push(`unlink ${kind(name)}`);
        await nodeFiles.unlink(name);
      },
    });
    const store = await open(files);
    order.length = 0;
    const { digest } = await store.put(Buffer.from("a"));
    const put = order.splice(0);
    await store.delete(digest);

    const places = [
      "file temporary",
      "link objects",
      "folder objects",
      "link state",
      "folder state",
      `link ${digest.slice(7)}`,
      "rename index.json",
      "folder sha256",
    ];
    expect(places.map((place) => put.indexOf(place)).toSorted((a, b) => a - b)).toEqual(places.map((place) => put.indexOf(place)));
    // The bytes and the state.
    expect(put.slice(0, put.indexOf("link state")).filter((step) => step === "file temporary")).toHaveLength(2);
    expect(places.every((place) => put.includes(place))).toBe(true);
    const removal = ["link state", "folder state", "rename index.json", `unlink ${digest.slice(7)}`, "unlink objects"];
    expect(order.filter((step) => removal.includes(step))).toEqual(removal);
  });
});

describe("many changes at the same moment", () => {
  it("write the state a few times, and keep a few states", async () => {
    const store = await open();
    const before = Number((await folder.names(".wfe/state")).at(-1));

    const infos = await Promise.all(Array.from({ length: 300 }, (_, index) => store.put(Buffer.from(`many ${index}`))));
    await Promise.all(infos.map(({ digest }) => store.pin([digest], "workflow")));

    expect(Number((await folder.names(".wfe/state")).at(-1)) - before).toBeLessThan(60);
    expect((await folder.names(".wfe/state")).length).toBeLessThanOrEqual(10);
    expect((await folder.state()).artifacts.size).toBe(300);
  });

  it("fail each for itself", async () => {
    const store = await open();
    const { digest } = await store.put(Buffer.from("kept"), { pinnedBy: "workflow" });

    const outcomes = await Promise.allSettled([store.delete(digest), store.put(Buffer.from("a")), store.delete(digest), store.pin([digest], "b")]);

    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "fulfilled", "rejected", "fulfilled"]);
  });
});
