// Arguments: root of the store, a number. Does everything to artifacts that others use as well, and compares each that it reads; on a line of
// input it ends, and says how often it has done what.
import { once } from "node:events";
import { LocalArtifactStore } from "../../../src/artifacts/store/local-artifact-store.ts";
import { isWfeError } from "../../../src/errors/wfe-error.ts";
import { bytesOf, digestOf, read } from "../../../src/test-support/suites/artifact-steps.ts";
import { VirtualEntropy } from "../../../src/test-support/virtual-entropy.ts";

const [root = "", seed = ""] = process.argv.slice(2);
const random = new VirtualEntropy(Number(seed));
// Some of what it puts is gone at once.
const stores = [await LocalArtifactStore.open(root), await LocalArtifactStore.open(root, { expiry: 0 })] as const;
const contents = Array.from({ length: 12 }, (_, index) => bytesOf(`shared ${index}`, 1 + index * 9000));
const done: Record<string, number> = {};
let isOver = false;
void once(process.stdin, "data").then(() => (isOver = true));
console.log("ready");

function pick<T>(values: readonly T[]): T {
  const value = values[Math.floor(random.random() * values.length)];
  if (value === undefined) throw new Error("there is nothing to pick");
  return value;
}

/** Of this owner alone, in its task, which knows what it has pinned. */
async function churn(owner: string): Promise<void> {
  const store = pick(stores);
  const bytes = pick(contents);
  const digest = digestOf(bytes);
  const what = pick(["put", "pinned put", "pinned put", "read", "read", "delete", "sweep"]);
  done[what] = (done[what] ?? 0) + 1;
  if (what === "put") await store.put(bytes);
  else if (what === "read") await read(store, digest).catch(ignore("WFE_ARTIFACT_NOT_FOUND"));
  else if (what === "delete") await store.delete(digest).catch(ignore("WFE_ARTIFACT_PINNED"));
  else if (what === "sweep") await store.sweep();
  else {
    await store.put(bytes, { pinnedBy: owner });
    const found = await read(pick(stores), digest);
    if (!Buffer.from(found).equals(bytes)) throw new Error(`wrong bytes of ${digest}`);
    if (!(await store.stat(digest))?.pinnedBy.includes(owner)) throw new Error(`the pin of ${owner} on ${digest} is gone`);
    await store.unpin([owner]);
  }
}

function ignore(code: "WFE_ARTIFACT_NOT_FOUND" | "WFE_ARTIFACT_PINNED"): (error: unknown) => void {
  return (error) => {
    if (!isWfeError(error, code)) throw error;
  };
}

await Promise.all(
  [1, 2, 3].map(async (task) => {
    while (!isOver) await churn(`${seed} ${task}`);
  }),
);
console.log(JSON.stringify(done));
process.exit(0);
