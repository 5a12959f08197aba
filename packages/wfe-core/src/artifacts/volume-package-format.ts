import { createHash } from "node:crypto";
import { ArtifactError } from "../errors/artifact-errors.ts";
import type { ReadArchiveOptions } from "../models/archive-limits.ts";
import { type ArtifactDigest, isArtifactDigest } from "../models/artifact.ts";
import type { ArtifactContent, ArtifactStore } from "../traits/artifact-store.ts";
import { invalidArchive, shown } from "./archives/archive-limits.ts";
import { type TarEntry, readTar } from "./archives/tar-reader.ts";
import { type WritableEntry, writeTar } from "./archives/tar-writer.ts";
import { checkedVolumeName } from "./volume-name.ts";

/** How a package is put into a store. */
export interface UnpackOptions extends ReadArchiveOptions {
  /** Who keeps the artifacts from then on. @default nobody */
  readonly pinnedBy?: string;
}

const FORMAT_VERSION = 1;
const MANIFEST = "manifest.json";
const LARGEST_MANIFEST = 4 * 1024 ** 2;

interface ManifestEntry {
  readonly name: string;
  readonly digest: ArtifactDigest;
  readonly size: number;
  readonly mediaType: string;
}

/** A tar with the manifest, and after it the artifacts in order of their names. */
export async function* writePackage(
  digests: ReadonlyMap<string, ArtifactDigest>,
  store: Pick<ArtifactStore, "get" | "stat">,
): AsyncGenerator<Uint8Array, void, undefined> {
  const artifacts: ManifestEntry[] = [];
  for (const [name, digest] of digests) {
    const info = await store.stat(digest);
    if (info === undefined) throw new ArtifactError("WFE_ARTIFACT_NOT_FOUND", `the artifact ${shown(name)}, ${digest}, is not in the store any more`);
    artifacts.push({ name, digest, size: info.size, mediaType: info.mediaType });
  }
  yield* writeTar(packageEntries(artifacts, store));
}

async function* packageEntries(
  artifacts: readonly ManifestEntry[],
  store: Pick<ArtifactStore, "get">,
): AsyncGenerator<WritableEntry, void, undefined> {
  const manifest = Buffer.from(`${JSON.stringify({ formatVersion: FORMAT_VERSION, artifacts }, undefined, 2)}\n`);
  yield file(MANIFEST, manifest.byteLength, manifest);
  for (const artifact of artifacts) yield file(pathOf(artifact), artifact.size, checked(store.get(artifact.digest), artifact));
}

/**
 * Puts everything of a package into a store.
 *
 * @returns What the manifest calls them.
 * @throws ArtifactError `WFE_ARCHIVE_INVALID` for what is no such package; `WFE_ARCHIVE_REFUSED` for a name that is none and for more than
 *   the limits allow; `WFE_ARTIFACT_CORRUPT` for an artifact that is not that of its digest, of which nothing is put
 */
export async function readPackage(
  source: ArtifactContent,
  store: Pick<ArtifactStore, "put">,
  options: UnpackOptions,
): Promise<ReadonlyMap<string, ArtifactDigest>> {
  let manifest: readonly ManifestEntry[] | undefined;
  const digests = new Map<string, ArtifactDigest>();
  for await (const entry of readTar(source, options)) {
    if (manifest === undefined) {
      manifest = await readManifest(entry);
      continue;
    }
    const expected = manifest[digests.size];
    const path = entry.segments.join("/");
    if (expected === undefined || entry.kind !== "file" || path !== pathOf(expected) || entry.size !== expected.size) {
      throw invalidArchive(`${shown(path)} is not what the manifest of the package names next`);
    }
    const { digest } = await store.put(checked(entry.content, expected), {
      mediaType: expected.mediaType,
      ...(options.pinnedBy === undefined ? {} : { pinnedBy: options.pinnedBy }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    if (digest !== expected.digest) throw corrupt(expected, digest);
    digests.set(expected.name, digest);
  }
  if (manifest === undefined) throw noPackage();
  const missing = manifest[digests.size];
  if (missing !== undefined) throw invalidArchive(`the package ends before the artifact ${shown(missing.name)}`);
  return digests;
}

/** The bytes, if their number and their digest are what they should be: the end comes after the comparison. */
async function* checked(content: AsyncIterable<Uint8Array>, expected: ManifestEntry): AsyncGenerator<Uint8Array, void, undefined> {
  const hash = createHash("sha256");
  let left = expected.size;
  for await (const piece of content) {
    hash.update(piece);
    left -= piece.byteLength;
    if (left < 0) break;
    yield piece;
  }
  const digest = `sha256:${hash.digest("hex")}`;
  if (left !== 0 || digest !== expected.digest) throw corrupt(expected, digest);
}

async function readManifest(entry: TarEntry): Promise<readonly ManifestEntry[]> {
  if (entry.segments.join("/") !== MANIFEST || entry.kind !== "file" || entry.size > LARGEST_MANIFEST) throw noPackage();
  const parts: Uint8Array[] = [];
  for await (const part of entry.content) parts.push(part);
  let manifest: unknown;
  try {
    manifest = JSON.parse(Buffer.concat(parts).toString());
  } catch (error) {
    throw invalidArchive("the manifest of the package is no JSON", error);
  }
  if (!isRecord(manifest) || manifest["formatVersion"] !== FORMAT_VERSION || !Array.isArray(manifest["artifacts"])) {
    throw invalidArchive(`the manifest of the package is not of version ${FORMAT_VERSION}`);
  }
  const entries = manifest["artifacts"].map(manifestEntry);
  for (const [index, { name }] of entries.entries()) {
    const before = entries[index - 1];
    if (before !== undefined && before.name >= name) throw invalidArchive(`the manifest of the package is not in order, or has ${shown(name)} twice`);
  }
  return entries;
}

function manifestEntry(entry: unknown): ManifestEntry {
  if (!isRecord(entry)) throw invalidArchive("the manifest of the package has an artifact that is no object");
  const name = checkedVolumeName(entry["name"], "WFE_ARCHIVE_REFUSED");
  const { digest, size, mediaType } = entry;
  if (!isArtifactDigest(digest) || typeof size !== "number" || !Number.isSafeInteger(size) || size < 0 || typeof mediaType !== "string") {
    throw invalidArchive(`the manifest of the package does not say all of the artifact ${shown(name)}`);
  }
  return { name, digest, size, mediaType };
}

function pathOf({ name }: ManifestEntry): string {
  return `artifacts/${name}`;
}

function file(path: string, size: number, content: AsyncIterable<Uint8Array> | Uint8Array): WritableEntry {
  return { kind: "file", path, mode: 0o644, size, target: "", content };
}

function corrupt(expected: ManifestEntry, digest: string): ArtifactError {
  return new ArtifactError("WFE_ARTIFACT_CORRUPT", `the artifact ${shown(expected.name)} should be ${expected.digest}, but is ${digest}`);
}

function noPackage(): ArtifactError {
  return invalidArchive(`it is no package of a volume: those begin with ${MANIFEST}`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
