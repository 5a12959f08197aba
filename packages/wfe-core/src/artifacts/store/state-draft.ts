import type { ArtifactDigest } from "../../models/artifact.ts";
import { isLive } from "../../runtime/artifact-arguments.ts";
import type { StoredArtifact, StoreState } from "./store-state.ts";

/** A state in the making, from the one before. */
export class StateDraft implements StoreState {
  readonly artifacts: Map<ArtifactDigest, StoredArtifact>;
  readonly garbage: Set<string>;
  readonly #now: number;
  readonly #touched = new Map<ArtifactDigest, StoredArtifact>();
  #isChanged = false;

  constructor(before: StoreState, now: number) {
    this.artifacts = new Map(before.artifacts);
    this.garbage = new Set(before.garbage);
    this.#now = now;
  }

  /** Whether it is another state than the one before. */
  get isChanged(): boolean {
    return this.#isChanged;
  }

  /** Those that came, went, or have other bytes or another manifest than before: they are to be shown to other tools, or not any more. */
  get touched(): readonly StoredArtifact[] {
    return [...this.#touched.values()];
  }

  /** The artifact, if it has not expired. */
  live(digest: ArtifactDigest): StoredArtifact | undefined {
    const artifact = this.artifacts.get(digest);
    return artifact !== undefined && isLive(artifact, this.#now) ? artifact : undefined;
  }

  /** Those that have expired, and are here still. */
  expired(): readonly StoredArtifact[] {
    return [...this.artifacts.values()].filter((artifact) => !isLive(artifact, this.#now));
  }

  /** Adds an artifact, or changes it. The object that it had before is garbage, if it has another one now. */
  set(artifact: StoredArtifact): void {
    const before = this.artifacts.get(artifact.digest);
    if (before !== undefined && before.object !== artifact.object) this.garbage.add(before.object);
    if (before?.object !== artifact.object || before.mediaType !== artifact.mediaType) this.#touch(before ?? artifact);
    this.artifacts.set(artifact.digest, artifact);
    this.#isChanged = true;
  }

  remove(artifact: StoredArtifact): void {
    this.artifacts.delete(artifact.digest);
    this.garbage.add(artifact.object);
    this.#touch(artifact);
    this.#isChanged = true;
  }

  /** Makes garbage of an object that no artifact has. */
  discard(object: string): void {
    this.garbage.add(object);
    this.#isChanged = true;
  }

  /** Strikes out what is removed. @param isWorthIt - Whether it makes a change alone. */
  forget(objects: Iterable<string>, isWorthIt: boolean): void {
    for (const object of objects) if (this.garbage.delete(object) && isWorthIt) this.#isChanged = true;
  }

  /** The first form of the day: its manifest may be another one than that of the last. */
  #touch(artifact: StoredArtifact): void {
    if (!this.#touched.has(artifact.digest)) this.#touched.set(artifact.digest, artifact);
  }
}
