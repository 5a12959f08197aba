import { createHash } from "node:crypto";
import { assert } from "./assert.ts";
import { isWfeError } from "../../errors/wfe-error.ts";
import type { ErrorCode } from "../../errors/error-codes.ts";
import type { ArtifactDigest, ArtifactInfo } from "../../models/artifact.ts";
import type { ArtifactStore } from "../../traits/artifact-store.ts";
import type { SuiteContext } from "./suite-context.ts";

/** What a case asks of a store that it opens. */
export interface ArtifactOpenOptions {
  /** How long what is put stays, in milliseconds; `"never"`: for ever. @default the store's own default, which has to be 10 minutes or more */
  readonly expiryMs?: number | "never";
  /** Largest artifact, in bytes. @default the store's own default, which has to be 10 MiB or more */
  readonly maxBlobBytes?: number;
}

/** What a case of the artifact suite works with. */
export type ArtifactContext = SuiteContext<ArtifactStore, ArtifactOpenOptions>;

/** Bytes that no other name gives. @param size - In bytes. */
export function bytesOf(name: string, size: number = 100): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let start = 0, block = 0; start < size; start += 32, block += 1) {
    bytes.set(
      createHash("sha256")
        .update(`${name} ${block}`)
        .digest()
        .subarray(0, size - start),
      start,
    );
  }
  return bytes;
}

/** The digest of bytes. */
export function digestOf(bytes: Uint8Array): ArtifactDigest {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

/** Everything that an iteration gives. */
export async function all<T>(values: AsyncIterable<T>): Promise<readonly T[]> {
  const given: T[] = [];
  for await (const value of values) given.push(value);
  return given;
}

/** The bytes of an artifact, which has to be there. */
export async function read(store: ArtifactStore, digest: ArtifactDigest): Promise<Uint8Array> {
  return new Uint8Array(Buffer.concat(await all(store.get(digest))));
}

/** Asserts that an artifact is there, with these bytes. */
export async function holds(store: ArtifactStore, bytes: Uint8Array, why: string): Promise<void> {
  const found = await store.stat(digestOf(bytes));
  assert.equal(found?.size, bytes.byteLength, why);
  assert.ok(Buffer.from(await read(store, digestOf(bytes))).equals(bytes), `${why}: the bytes are others`);
}

/** Asserts that an artifact is not there, for any method. */
export async function hasNot(store: ArtifactStore, digest: ArtifactDigest, why: string): Promise<void> {
  assert.equal(await store.stat(digest), undefined, why);
  await assert.rejects(read(store, digest), hasCode("WFE_ARTIFACT_NOT_FOUND"), why);
  assert.deepEqual(await store.pin([digest], "somebody who looks"), [], why);
  assert.equal(await store.delete(digest), false, why);
  assert.ok(!(await digestsOf(store)).includes(digest), why);
}

/** The digests of all artifacts, as they are listed. */
export async function digestsOf(store: ArtifactStore): Promise<readonly ArtifactDigest[]> {
  return (await all(store.list())).map(({ digest }) => digest);
}

/** What is known of an artifact, which has to be there. */
export async function infoOf(store: ArtifactStore, digest: ArtifactDigest): Promise<ArtifactInfo> {
  const info = await store.stat(digest);
  assert.ok(info !== undefined, `${digest} is not there`);
  return info;
}

/** Whether an error has a code; for `assert.rejects`. */
export function hasCode(code: ErrorCode): (error: unknown) => true {
  return (error) => {
    if (isWfeError(error, code)) return true;
    throw new assert.AssertionError({
      message: `expected ${code}, got ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`,
    });
  };
}
