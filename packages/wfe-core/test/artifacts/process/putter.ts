// Arguments: root of the store, a number. Puts one artifact after the other, some at the same moment, and says of each when it is stored.
import { LocalArtifactStore } from "../../../src/artifacts/store/local-artifact-store.ts";
import { bytesOf } from "../../../src/test-support/suites/artifact-steps.ts";

const [root = "", seed = ""] = process.argv.slice(2);
const store = await LocalArtifactStore.open(root);
console.log("ready");

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.byteLength; start += 50_000) {
    await new Promise((resolve) => void setImmediate(resolve));
    yield bytes.subarray(start, start + 50_000);
  }
}

for (let round = 0; ; round += 1) {
  await Promise.all(
    [10, 70_000, 300_000].map(async (size) => {
      const { digest } = await store.put(pieces(bytesOf(`${seed} ${round}`, size)), { pinnedBy: seed });
      console.log(digest);
    }),
  );
  // The same bytes again: those that were there are replaced.
  await store.put(bytesOf(`${seed} ${round}`, 10));
  if (round % 5 === 4) await store.sweep();
}
