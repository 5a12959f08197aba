import type { ReadArchiveOptions } from "../models/archive-limits.ts";
import type { ArtifactDigest, ArtifactRef } from "../models/artifact.ts";
import type { ArtifactContent } from "./artifact-store.ts";

/**
 * What a step sees of the artifact store of its host. What it puts, and what it declares as its inputs, is pinned for its workflow: it stays,
 * whatever its expiry says, until the workflow is purged. May be used concurrently.
 */
export interface ArtifactAccess {
  /** What the step has declared with `.artifactInputs(…)`, by name; each was there when the body started. Empty for a step that declares none. */
  readonly inputs: Readonly<Record<string, ArtifactRef>>;
  /**
   * Stores the bytes; the reference goes into the data by `.output` or `saveAs`. Called off when the step is.
   *
   * @param options.mediaType - That of an artifact that is there already stays. @default "application/vnd.oci.image.layer.v1.tar+gzip"
   * @throws ArtifactError `WFE_ARTIFACT_TOO_LARGE`, `WFE_ARTIFACT_BACKEND`; whatever the content throws.
   */
  put(content: ArtifactContent, options?: { readonly mediaType?: string }): Promise<ArtifactRef>;
  /**
   * The bytes, in pieces, read as they are asked for, and compared with the digest: an iteration that ends without an error has given the right
   * ones.
   *
   * @throws ArtifactError `WFE_ARTIFACT_REF_INVALID` at once; by the iteration `WFE_ARTIFACT_NOT_FOUND`, `WFE_ARTIFACT_CORRUPT`.
   */
  get(artifact: ArtifactRef | ArtifactDigest): AsyncIterable<Uint8Array>;
  /**
   * Extracts an input, a tar archive that may be compressed with gzip, to a directory, which must not exist or be empty: whole, or not at all.
   *
   * @param name - One of {@link inputs}.
   * @throws RangeError for another name; ArtifactError `WFE_ARCHIVE_INVALID`, `WFE_ARCHIVE_REFUSED`, `WFE_ARTIFACT_CORRUPT`; the reason of the
   * step's signal when that aborts.
   */
  extract(name: string, directory: string, options?: ReadArchiveOptions): Promise<void>;
}
