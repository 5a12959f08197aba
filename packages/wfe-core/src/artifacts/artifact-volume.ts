import { chmod, mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { ArtifactError } from "../errors/artifact-errors.ts";
import type { ReadArchiveOptions } from "../models/archive-limits.ts";
import type { ArtifactDigest, ArtifactRef } from "../models/artifact.ts";
import type { ArtifactContent, ArtifactStore } from "../traits/artifact-store.ts";
import { shown } from "./archives/archive-limits.ts";
import { artifactRef, parseArtifactRefAt } from "./artifact-ref.ts";
import { extractArtifactToDir, extractInto } from "./archives/extract-artifact.ts";
import { fillDirectory } from "./archives/extraction-directory.ts";
import { onDisk } from "./on-disk.ts";
import { repackagedArchive } from "./archives/repackage-archive.ts";
import { checkedVolumeName } from "./volume-name.ts";
import { type UnpackOptions, readPackage, writePackage } from "./volume-package-format.ts";

/** What a volume needs of a store. */
export type ArtifactSource = Pick<ArtifactStore, "get" | "stat">;

/** Artifacts by names: the inputs of a step, for example. Knows where they are, and reads them when it is asked to. */
export class ArtifactVolume implements Iterable<readonly [name: string, ref: ArtifactRef]> {
  readonly #digests: ReadonlyMap<string, ArtifactDigest>;
  readonly #store: ArtifactSource;

  private constructor(digests: ReadonlyMap<string, ArtifactDigest>, store: ArtifactSource) {
    this.#digests = new Map([...digests].toSorted(([left], [right]) => (left < right ? -1 : 1)));
    this.#store = store;
  }

  /**
   * The artifacts that stand under these top-level keys of workflow data.
   *
   * @throws ArtifactError `WFE_ARTIFACT_REF_INVALID` for a key that is not there, holds no reference, or is no name: letters, digits, dots,
   *   dashes and underscores, a letter or a digit first, 128 at most. `WFE_ARTIFACT_NOT_FOUND` for what is not in the store.
   */
  static async resolve(names: Iterable<string>, data: unknown, store: ArtifactSource): Promise<ArtifactVolume> {
    const record = recordOf(data);
    const refs = [...names].map((name) => [name, refOf(name, record)] as const);
    return ArtifactVolume.#existing(refs, store);
  }

  /**
   * The artifacts of all references under top-level keys of workflow data. Other values are passed over, but nothing that looks like a
   * reference.
   *
   * @throws ArtifactError as {@link ArtifactVolume.resolve}
   */
  static async resolveAll(data: unknown, store: ArtifactSource): Promise<ArtifactVolume> {
    const record = recordOf(data);
    const names = Object.keys(record).filter((key) => looksLikeRef(record[key]));
    return ArtifactVolume.resolve(names, record, store);
  }

  /**
   * These artifacts. Whether they exist is seen when they are read.
   *
   * @throws ArtifactError `WFE_ARTIFACT_REF_INVALID` for what is no name, or no reference
   */
  static of(refs: ReadonlyMap<string, ArtifactRef> | Readonly<Record<string, ArtifactRef>>, store: ArtifactSource): ArtifactVolume {
    const entries = refs instanceof Map ? [...(refs as ReadonlyMap<string, ArtifactRef>)] : Object.entries(refs);
    return new ArtifactVolume(new Map(entries.map(([name, ref]) => [checkedName(name), digestCalled(name, ref)])), store);
  }

  static async #existing(refs: readonly (readonly [string, ArtifactDigest])[], store: ArtifactSource): Promise<ArtifactVolume> {
    for (const [name, digest] of refs) {
      if ((await store.stat(digest)) !== undefined) continue;
      throw new ArtifactError("WFE_ARTIFACT_NOT_FOUND", `the artifact ${shown(name)}, ${digest}, is not in the store, or not any more`);
    }
    return new ArtifactVolume(new Map(refs), store);
  }

  /** In the order of their code units. */
  get names(): readonly string[] {
    return [...this.#digests.keys()];
  }

  /** How many there are. */
  get size(): number {
    return this.#digests.size;
  }

  /** Names and references, in order of the names. */
  *[Symbol.iterator](): Generator<readonly [name: string, ref: ArtifactRef], void, undefined> {
    for (const [name, digest] of this.#digests) yield [name, artifactRef(digest)];
  }

  /**
   * The bytes of an artifact, as the store gives them; every iteration reads anew.
   *
   * @throws ArtifactError `WFE_ARTIFACT_NOT_FOUND` when the volume has none of this name
   */
  get(name: string): AsyncIterable<Uint8Array> {
    const digest = this.#digests.get(name);
    if (digest !== undefined) return this.#store.get(digest);
    throw new ArtifactError("WFE_ARTIFACT_NOT_FOUND", `the volume has no artifact called ${shown(name)}, only ${shown(this.names.join(", "))}`);
  }

  /** Extracts an artifact. @throws as {@link ArtifactVolume.get} and {@link extractArtifactToDir} */
  async extractOne(name: string, directory: string, options?: ReadArchiveOptions): Promise<void> {
    await extractArtifactToDir(this.get(name), directory, options);
  }

  /**
   * Extracts each artifact to the directory of its name in this one; all of them, or none. Limits are for each.
   *
   * @returns Where they are, by name.
   * @throws as {@link extractArtifactToDir}
   */
  async extractAll(directory: string, options: ReadArchiveOptions = {}): Promise<ReadonlyMap<string, string>> {
    await fillDirectory(directory, async (staging) => {
      for (const name of this.names) {
        const path = join(staging, name);
        await onDisk(`the directory of the artifact ${shown(name)}`, () => mkdir(path));
        const { mode } = await extractInto(this.get(name), path, options);
        await onDisk(`the directory of the artifact ${shown(name)}`, () => chmod(path, mode));
      }
      return { mode: 0o755 };
    });
    return new Map(this.names.map((name) => [name, join(resolve(directory), name)]));
  }

  /**
   * An artifact with all paths below a directory, as a gzip tar: a layer of a root file system, for example. Permissions stay; hard links,
   * too, which extraction refuses.
   *
   * @throws ArtifactError `WFE_ARCHIVE_REFUSED` for a prefix that is not relative, or leads out; by the iteration as {@link extractArtifactToDir}
   */
  repackageWithPrefix(name: string, prefix: string, options: ReadArchiveOptions = {}): AsyncIterable<Uint8Array> {
    return repackagedArchive(this.get(name), prefix, options);
  }

  /** All of them, to be sent elsewhere. */
  package(): ArtifactVolumePackage {
    return ArtifactVolumePackage.from({ [Symbol.asyncIterator]: () => writePackage(this.#digests, this.#store) });
  }
}

/** A volume as one stream: a tar with `manifest.json` (name, digest, size and media type of each) and the artifacts, the same for the same volume. */
export class ArtifactVolumePackage {
  readonly #source: ArtifactContent;

  private constructor(source: ArtifactContent) {
    this.#source = source;
  }

  /** A package from where its bytes are. They are read by {@link ArtifactVolumePackage.unpack}, which checks them. */
  static from(source: ArtifactContent): ArtifactVolumePackage {
    return new ArtifactVolumePackage(source);
  }

  /** The bytes, as they are read. That of a volume can be read more than once, another as often as its source. */
  async *bytes(): AsyncGenerator<Uint8Array, void, undefined> {
    if (this.#source instanceof Uint8Array) yield this.#source;
    else yield* this.#source;
  }

  /**
   * Puts all artifacts into a store. When it fails, those that came before the failure are in it, and expire.
   *
   * @param options.limits - For the package as a whole.
   * @throws ArtifactError `WFE_ARCHIVE_INVALID` for what is no package; `WFE_ARCHIVE_REFUSED` for what is no name, and for more than the limits
   *   allow; `WFE_ARTIFACT_CORRUPT` for an artifact that is not that of its digest, of which nothing is put; what the store throws
   */
  async unpack(store: ArtifactSource & Pick<ArtifactStore, "put">, options: UnpackOptions = {}): Promise<ArtifactVolume> {
    const digests = await readPackage(this.#source, store, options);
    return ArtifactVolume.of(new Map([...digests].map(([name, digest]) => [name, artifactRef(digest)])), store);
  }
}

function checkedName(name: string): string {
  return checkedVolumeName(name, "WFE_ARTIFACT_REF_INVALID");
}

function refOf(name: string, data: Readonly<Record<string, unknown>>): ArtifactDigest {
  if (Object.hasOwn(data, checkedName(name))) return digestCalled(name, data[name]);
  throw new ArtifactError("WFE_ARTIFACT_REF_INVALID", `the data has no artifact ${shown(name)}: there is no such top-level key`);
}

function digestCalled(name: string, ref: unknown): ArtifactDigest {
  return parseArtifactRefAt(`the artifact ${shown(name)}`, ref);
}

function recordOf(data: unknown): Readonly<Record<string, unknown>> {
  if (typeof data === "object" && data !== null && !Array.isArray(data)) return data as Readonly<Record<string, unknown>>; // what an object is
  throw new ArtifactError("WFE_ARTIFACT_REF_INVALID", `artifacts are looked up in an object of data, not in ${data === null ? "null" : typeof data}`);
}

function looksLikeRef(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.hasOwn(value, "__wfe_artifact");
}
