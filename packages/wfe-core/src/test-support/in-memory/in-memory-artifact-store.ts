import { createHash } from "node:crypto";
import { ArtifactError } from "../../errors/artifact-errors.ts";
import { type ArtifactDigest, type ArtifactInfo, isArtifactDigest } from "../../models/artifact.ts";
import { type ArtifactStoreLimits, checkedLimits, checkedMediaType, checkedOwner, expiryAfterPut, isLive } from "../../runtime/artifact-arguments.ts";
import { piecesOf } from "../../runtime/artifact-pieces.ts";
import { artifactCorrupt, artifactNotFound, artifactPinned, artifactTooLarge } from "../../runtime/artifact-refusals.ts";
import { systemClock } from "../../runtime/system-clock.ts";
import type { ArtifactContent, ArtifactStore, ArtifactSweep, PutArtifactOptions } from "../../traits/artifact-store.ts";
import type { Clock } from "../../traits/clock.ts";

/** Bytes of a piece. */
const PIECE = 64 * 1024;

interface KeptArtifact {
  readonly digest: ArtifactDigest;
  readonly bytes: Uint8Array;
  readonly mediaType: string;
  readonly createdAt: number;
  readonly expiresAt: number | undefined;
  readonly pins: ReadonlyMap<string, number>;
}

/** Artifacts that several {@link InMemoryArtifactStore} share. */
export class InMemoryArtifacts {
  /** Those that have expired are here until a sweep. */
  readonly kept: Map<string, KeptArtifact> = new Map<string, KeptArtifact>();

  /** Changes one bit of an artifact, as a bad disk does; of an empty one its length. */
  damage(digest: string): void {
    const artifact = this.kept.get(digest);
    if (artifact === undefined) throw new Error(`there is no artifact ${digest}`);
    const bytes = artifact.bytes.byteLength === 0 ? new Uint8Array(1) : artifact.bytes.slice();
    bytes[0] = (bytes[0] ?? 0) ^ 1;
    this.kept.set(digest, { ...artifact, bytes });
  }
}

/** What an {@link InMemoryArtifactStore} can be made with. */
export interface InMemoryArtifactStoreOptions extends ArtifactStoreLimits {
  /** Shared by the stores that see the same artifacts. @default new ones */
  readonly artifacts?: InMemoryArtifacts;
  /** Judges what has expired. @default the clock of the machine */
  readonly clock?: Clock;
}

/** A store of artifacts within one process, for tests: the reference reading of the trait. */
export class InMemoryArtifactStore implements ArtifactStore {
  readonly #kept: Map<string, KeptArtifact>;
  readonly #clock: Clock;
  readonly #expiryMs: number;
  readonly #maxBlobBytes: number;

  constructor(options: InMemoryArtifactStoreOptions = {}) {
    const { expiryMs, maxBlobBytes } = checkedLimits(options);
    this.#kept = (options.artifacts ?? new InMemoryArtifacts()).kept;
    this.#clock = options.clock ?? systemClock;
    this.#expiryMs = expiryMs;
    this.#maxBlobBytes = maxBlobBytes;
  }

  async put(content: ArtifactContent, options: PutArtifactOptions = {}): Promise<ArtifactInfo> {
    const mediaType = checkedMediaType(options.mediaType);
    const pinnedBy = options.pinnedBy === undefined ? [] : [checkedOwner(options.pinnedBy)];
    const pieces: Uint8Array[] = [];
    let size = 0;
    for await (const piece of piecesOf(content, options.signal)) {
      size += piece.byteLength;
      if (size > this.#maxBlobBytes) throw artifactTooLarge(this.#maxBlobBytes);
      pieces.push(piece.slice());
    }
    options.signal?.throwIfAborted();
    const bytes = Buffer.concat(pieces);
    const digest = digestOfBytes(bytes);
    const now = this.#clock.now();
    const before = this.#find(digest);
    return this.#keep({
      digest,
      bytes,
      mediaType: before?.mediaType ?? mediaType,
      createdAt: before?.createdAt ?? now,
      expiresAt: expiryAfterPut(now, this.#expiryMs, before),
      pins: withPins(before, pinnedBy, now),
    });
  }

  get(digest: ArtifactDigest): AsyncIterable<Uint8Array> {
    const checked = checkedDigest(digest);
    return { [Symbol.asyncIterator]: () => this.#read(checked) };
  }

  async stat(digest: ArtifactDigest): Promise<ArtifactInfo | undefined> {
    const artifact = this.#find(checkedDigest(digest));
    return artifact && infoOf(artifact);
  }

  async pin(digests: readonly ArtifactDigest[], owner: string): Promise<readonly ArtifactDigest[]> {
    const checked = new Set(digests.map(checkedDigest));
    checkedOwner(owner);
    const found = [...checked].flatMap((digest) => this.#find(digest) ?? []);
    for (const artifact of found) this.#keep({ ...artifact, pins: withPins(artifact, [owner], this.#clock.now()) });
    return found.map(({ digest }) => digest);
  }

  async unpin(owners: readonly string[]): Promise<void> {
    const gone = new Set(owners);
    for (const artifact of this.#kept.values()) {
      this.#keep({ ...artifact, pins: new Map([...artifact.pins].filter(([owner]) => !gone.has(owner))) });
    }
  }

  async *owners({ pinnedBefore }: { readonly pinnedBefore: Date }): AsyncGenerator<string, void> {
    const pins = [...this.#kept.values()].flatMap((artifact) => [...artifact.pins]);
    yield* new Set(pins.filter(([, since]) => since < pinnedBefore.getTime()).map(([owner]) => owner));
  }

  async *list(): AsyncGenerator<ArtifactInfo, void> {
    for (const digest of [...this.#kept.keys()].toSorted()) {
      const artifact = this.#find(digest);
      if (artifact !== undefined) yield infoOf(artifact);
    }
  }

  async delete(digest: ArtifactDigest): Promise<boolean> {
    const artifact = this.#find(checkedDigest(digest));
    if (artifact === undefined) return false;
    if (artifact.pins.size > 0) throw artifactPinned(digest, artifact.pins);
    return this.#kept.delete(digest);
  }

  async sweep(): Promise<ArtifactSweep> {
    const expired = [...this.#kept.values()].filter((artifact) => !isLive(artifact, this.#clock.now()));
    for (const { digest } of expired) this.#kept.delete(digest);
    return { artifacts: expired.length, bytes: expired.reduce((sum, { bytes }) => sum + bytes.byteLength, 0) };
  }

  #find(digest: string): KeptArtifact | undefined {
    const artifact = this.#kept.get(digest);
    return artifact !== undefined && isLive(artifact, this.#clock.now()) ? artifact : undefined;
  }

  #keep(artifact: KeptArtifact): ArtifactInfo {
    this.#kept.set(artifact.digest, artifact);
    return infoOf(artifact);
  }

  async *#read(digest: ArtifactDigest): AsyncGenerator<Uint8Array, void> {
    const artifact = this.#find(digest);
    if (artifact === undefined) throw artifactNotFound(digest);
    if (digestOfBytes(artifact.bytes) !== digest) throw artifactCorrupt(digest, "has the bytes of another one");
    for (let start = 0; start < artifact.bytes.byteLength; start += PIECE) yield Uint8Array.from(artifact.bytes.subarray(start, start + PIECE));
  }
}

function digestOfBytes(bytes: Uint8Array): ArtifactDigest {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

function checkedDigest(digest: unknown): ArtifactDigest {
  if (isArtifactDigest(digest)) return digest;
  throw new ArtifactError("WFE_ARTIFACT_REF_INVALID", `${JSON.stringify(digest)} is no digest: expected sha256:<64 hexadecimal digits, lower case>`);
}

/** The pins of an artifact with those of more owners; a pin that is there stays as old as it is. */
function withPins(before: KeptArtifact | undefined, owners: readonly string[], now: number): ReadonlyMap<string, number> {
  return new Map([...owners.map((owner) => [owner, now] as const), ...(before?.pins ?? [])]);
}

function infoOf({ digest, bytes, mediaType, createdAt, expiresAt, pins }: KeptArtifact): ArtifactInfo {
  return {
    digest,
    size: bytes.byteLength,
    mediaType,
    createdAt: new Date(createdAt),
    expiresAt: expiresAt === undefined ? undefined : new Date(expiresAt),
    pinnedBy: [...pins.keys()].toSorted(),
  };
}
