import type { ArtifactDigest, ArtifactInfo } from "../models/artifact.ts";

/** Bytes of an artifact, whole or in pieces of any size. */
export type ArtifactContent = Uint8Array | AsyncIterable<Uint8Array>;

/** How an artifact is put. */
export interface PutArtifactOptions {
  /** That of an artifact that is there already stays. @default "application/vnd.oci.image.layer.v1.tar+gzip" */
  readonly mediaType?: string;
  /** Who keeps it from the same moment on; see {@link ArtifactStore.pin}. @default nobody */
  readonly pinnedBy?: string;
  /** Calls the put off: nothing is left of it. */
  readonly signal?: AbortSignal;
}

/** What a sweep has removed. */
export interface ArtifactSweep {
  readonly artifacts: number;
  /** Bytes of them. */
  readonly bytes: number;
}

/**
 * Blobs by their content, for files between steps. A blob never changes; two puts of the same bytes are one artifact.
 *
 * Every method may be called concurrently, from several processes. An artifact that has expired and is not pinned does not exist for any of
 * them, removed or not. All throw an `ArtifactError` `WFE_ARTIFACT_REF_INVALID` for what is no digest before anything else is done, and
 * `WFE_ARTIFACT_BACKEND` when the store fails; `retryable` says whether it may succeed later. A call that fails so may have had its effect: every
 * one may be made again.
 */
export interface ArtifactStore {
  /**
   * Stores the bytes. When it resolves they survive a loss of power. Content that is there already is not stored twice; its expiry is
   * counted from now, unless it goes later already, and damage to its bytes is made good. What has expired unpinned was not there.
   *
   * @throws ArtifactError `WFE_ARTIFACT_TOO_LARGE` beyond the limit of the store; whatever the content throws. Nothing is left then.
   * @throws RangeError before the content is read, for a media type or an owner that is none. TypeError for content that has no bytes.
   */
  put(content: ArtifactContent, options?: PutArtifactOptions): Promise<ArtifactInfo>;
  /**
   * The bytes, in pieces, read as they are asked for. They are compared with the digest: pieces that were given may be wrong until the end is
   * reached without an error. Every iteration reads anew, and may be left early; one that has begun goes on when the artifact is removed.
   *
   * @throws ArtifactError, by this call, `WFE_ARTIFACT_REF_INVALID`; by the iteration, `WFE_ARTIFACT_NOT_FOUND`, and `WFE_ARTIFACT_CORRUPT` for bytes that are not those of the digest.
   */
  get(digest: ArtifactDigest): AsyncIterable<Uint8Array>;
  /** What is known of an artifact; `undefined` when there is none. */
  stat(digest: ArtifactDigest): Promise<ArtifactInfo | undefined>;
  /**
   * Keeps artifacts, whatever their expiry says, until the owner is named to {@link ArtifactStore.unpin}. A pin has no count: pinned twice is
   * pinned.
   *
   * @param owner - 1 to 255 characters.
   * @returns Those that exist, and are pinned now; the others are not there.
   */
  pin(digests: readonly ArtifactDigest[], owner: string): Promise<readonly ArtifactDigest[]>;
  /** Ends all pins of these owners; unknown ones have none. Artifacts that have expired meanwhile are gone then. */
  unpin(owners: readonly string[]): Promise<void>;
  /** Owners of pins, each once, whose first pin was made before this time. */
  owners(options: { readonly pinnedBefore: Date }): AsyncIterable<string>;
  /** All artifacts, in order of their digests. One that comes or goes meanwhile may be missing. */
  list(): AsyncIterable<ArtifactInfo>;
  /**
   * Removes an artifact now.
   *
   * @returns Whether it was there.
   * @throws ArtifactError `WFE_ARTIFACT_PINNED` for one that somebody keeps.
   */
  delete(digest: ArtifactDigest): Promise<boolean>;
  /** Removes what has expired and is not pinned, and what crashed processes have left. */
  sweep(): Promise<ArtifactSweep>;
}
