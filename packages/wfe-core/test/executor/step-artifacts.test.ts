import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { packArtifact } from "../../src/artifacts/archives/pack-artifact.ts";
import { artifactRef } from "../../src/artifacts/artifact-ref.ts";
import { StepArtifacts } from "../../src/executor/step-artifacts.ts";
import { InMemoryArtifactStore } from "../../src/test-support/index.ts";
import { temporaryDirectory } from "../artifacts/files.ts";

const temporary = temporaryDirectory();
const ABSENT = artifactRef(`sha256:${"0".repeat(64)}`);
const archive = () => packArtifact([{ kind: "file", path: "a.txt", content: "abc" }]);

describe("the artifacts of a step", () => {
  it("are extracted by the name of an input", async () => {
    const artifacts = new StepArtifacts(new InMemoryArtifactStore(), "w", new AbortController().signal);
    const source = await artifacts.put(archive());

    await artifacts.resolve({ source }, "s");
    await artifacts.extract("source", temporary.in("out"));

    expect(await readFile(join(temporary.in("out"), "a.txt"), "utf8")).toBe("abc");
    expect(artifacts.inputs).toEqual({ source });
  });

  it.each(["other", "toString", "__proto__"])("have no input %s, and say which there are", async (name) => {
    const artifacts = new StepArtifacts(new InMemoryArtifactStore(), "w", new AbortController().signal);
    await artifacts.resolve({ source: await artifacts.put(archive()) }, "s");

    await expect(artifacts.extract(name, temporary.in("out"))).rejects.toThrow(`the step has no artifact input "${name}": it declares "source"`);
  });

  it("are extracted within the limits that are given, and until the step is called off", async () => {
    const called = new AbortController();
    const artifacts = new StepArtifacts(new InMemoryArtifactStore(), "w", called.signal);
    await artifacts.resolve({ source: await artifacts.put(archive()) }, "s");

    const limited = artifacts.extract("source", temporary.in("limited"), { limits: { maxBytes: 100 }, signal: new AbortController().signal });
    await expect(limited).rejects.toMatchObject({ code: "WFE_ARCHIVE_REFUSED" });
    called.abort(new Error("called off"));
    await expect(artifacts.extract("source", temporary.in("late"))).rejects.toThrow("called off");
    await expect(artifacts.put(archive())).rejects.toThrow("called off");
  });

  it("are pinned for the workflow: what is put, and what is taken", async () => {
    const store = new InMemoryArtifactStore();
    const taken = await store.put(new Uint8Array([1]));
    const artifacts = new StepArtifacts(store, "w", new AbortController().signal);

    const put = await artifacts.put(new Uint8Array([2]), { mediaType: "text/plain" });
    await artifacts.resolve({ taken: artifactRef(taken.digest) }, "s");

    expect([(await store.stat(put.__wfe_artifact))?.pinnedBy, (await store.stat(taken.digest))?.pinnedBy]).toEqual([["w"], ["w"]]);
    expect((await store.stat(put.__wfe_artifact))?.mediaType).toBe("text/plain");
  });

  it("name all inputs that are missing", async () => {
    const artifacts = new StepArtifacts(new InMemoryArtifactStore(), "w", new AbortController().signal);

    const resolved = artifacts.resolve({ a: ABSENT, b: await artifacts.put(archive()), c: ABSENT }, "s");

    await expect(resolved).rejects.toThrow(/inputs of the step "s" are not in the artifact store: "a" \(sha256:0+\), "c" \(sha256:0+\); they have/);
    expect(() => artifacts.get({ __wfe_artifact: "sha256:x" })).toThrow("is no reference to an artifact");
  });
});
