import { extractArtifactToDir } from "wfe-core";
import { entry } from "../tar-bytes.ts";

/** Extracts a file, and waits for the next one until it is killed. */
async function* hanging(): AsyncGenerator<Uint8Array, void, undefined> {
  yield entry({ name: "first", content: "written" });
  yield entry({ name: "second", content: "written" });
  process.stdout.write("extracting\n");
  await new Promise((resolve) => setTimeout(resolve, 600_000));
}

await extractArtifactToDir(hanging(), process.argv[2] ?? "");
