import { afterEach, beforeEach, expect, it } from "vitest";
import { LocalArtifactStore } from "../../src/artifacts/store/local-artifact-store.ts";
import { Child } from "./process/child.ts";
import { StoreFolder } from "./store-folder.ts";

/** Bytes of a large artifact. */
const SIZE = Number(process.env["WFE_ARTIFACT_BYTES"] ?? 100 * 1024 ** 2);

let folder: StoreFolder;
beforeEach(async () => {
  folder = await StoreFolder.make();
});
afterEach(() => folder.remove());

it(
  "takes and gives a large artifact in constant memory",
  async () => {
    const child = new Child("streamer.ts", [folder.root, String(SIZE)], ["--expose-gc"]);

    expect(await child.ended()).toBe(0);

    const figures = JSON.parse(child.lines[0] ?? "{}");
    if (process.env["WFE_ARTIFACT_BYTES"] !== undefined) console.log(figures);
    expect(figures.isRight).toBe(true);
    expect(figures.peakAboveIdleMb).toBeLessThan(100);
  },
  60_000 + SIZE / 10_000,
);

it("does not read on while what it was given is not written, nor before it is asked", async () => {
  const store = await LocalArtifactStore.open(folder.root);
  const piece = new Uint8Array(1024 ** 2);
  let given = 0;
  const isWritten: boolean[] = [];
  async function* content(): AsyncGenerator<Uint8Array> {
    for (; given < 8; given += 1) {
      yield piece;
      const [name = ""] = await folder.names(".wfe/temporary");
      isWritten.push(name !== "");
    }
  }

  const { digest } = await store.put(content());
  const iterator = store.get(digest)[Symbol.asyncIterator]();
  const first = await iterator.next();
  await iterator.return?.();

  expect(isWritten).toEqual(Array.from({ length: 8 }, () => true));
  expect(first.value?.byteLength).toBeLessThanOrEqual(1024 ** 2);
});
