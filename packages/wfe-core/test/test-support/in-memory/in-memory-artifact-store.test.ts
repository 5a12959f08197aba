import { describe, expect, it } from "vitest";
import { InMemoryArtifacts, InMemoryArtifactStore } from "../../../src/test-support/in-memory/in-memory-artifact-store.ts";
import { artifactStoreSuite } from "../../../src/test-support/suites/artifact-store-suite.ts";
import { inMemoryArtifactStoreTarget } from "./in-memory-targets.ts";

artifactStoreSuite("artifact suite on the in-memory store, in virtual time", inMemoryArtifactStoreTarget, { describe, it });

describe("InMemoryArtifactStore", () => {
  it("keeps its artifacts for itself, for 7 days and in real time, unless told otherwise", async () => {
    const store = new InMemoryArtifactStore();

    const { digest, createdAt, expiresAt } = await store.put(new Uint8Array([1]));

    expect(expiresAt).toEqual(new Date(createdAt.getTime() + 7 * 24 * 60 * 60 * 1000));
    expect(await new InMemoryArtifactStore().stat(digest)).toBeUndefined();
  });

  it("refuses limits that are none", () => {
    expect(() => new InMemoryArtifactStore({ maxBlobBytes: -1 })).toThrow(RangeError);
    expect(() => new InMemoryArtifactStore({ expiry: "soon" as "1s" })).toThrow(RangeError);
  });

  it("notices damage of an empty artifact, and damages none that is not there", async () => {
    const artifacts = new InMemoryArtifacts();
    const store = new InMemoryArtifactStore({ artifacts });
    const { digest } = await store.put(new Uint8Array());

    artifacts.damage(digest);

    await expect(store.get(digest)[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: "WFE_ARTIFACT_CORRUPT" });
    expect(() => artifacts.damage("sha256:none")).toThrow("there is no artifact");
  });
});
