// Arguments: root of the store, bytes. Puts and reads so much, and says how long that takes, and how much memory at most, beyond that at rest.
import { createHash } from "node:crypto";
import { LocalArtifactStore } from "../../../src/artifacts/store/local-artifact-store.ts";

const [root = "", size = ""] = process.argv.slice(2);
const store = await LocalArtifactStore.open(root);
const PIECE = 256 * 1024;
async function* content(): AsyncGenerator<Uint8Array> {
  const piece = Buffer.alloc(PIECE, "content");
  for (let left = Number(size); left > 0; left -= PIECE) {
    piece.writeDoubleLE(left, 0);
    yield piece.subarray(0, Math.min(left, PIECE));
  }
}
await store.put(Buffer.alloc(1_000_000)).then(({ digest }) => store.delete(digest));
globalThis.gc?.();
const idle = process.memoryUsage.rss();
let peak = idle;
const timer = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 5);

const began = performance.now();
const { digest } = await store.put(content());
const putMs = performance.now() - began;
const hash = createHash("sha256");
for await (const piece of store.get(digest)) hash.update(piece);
const getMs = performance.now() - began - putMs;

clearInterval(timer);
const isRight = `sha256:${hash.digest("hex")}` === digest;
console.log(JSON.stringify({ isRight, putMs: Math.round(putMs), getMs: Math.round(getMs), peakAboveIdleMb: (peak - idle) / 1024 ** 2 }));
