/** Name of a blob by what is in it: `sha256:` and 64 hexadecimal digits, lower case. */
export type ArtifactDigest = `sha256:${string}`;

/** A reference to an artifact, as it stands in workflow data. */
export interface ArtifactRef {
  readonly __wfe_artifact: ArtifactDigest;
}

/** Media types of artifacts, those of layers in an OCI image. Another one may be given to every artifact. */
export const ARTIFACT_MEDIA_TYPES = {
  /** A tar archive, compressed with gzip: what `packArtifact` makes. */
  tarGzip: "application/vnd.oci.image.layer.v1.tar+gzip",
  /** A tar archive. */
  tar: "application/vnd.oci.image.layer.v1.tar",
  /** Bytes of any kind. */
  bytes: "application/octet-stream",
} as const;

/** What a store knows of an artifact. */
export interface ArtifactInfo {
  readonly digest: ArtifactDigest;
  /** Bytes. */
  readonly size: number;
  readonly mediaType: string;
  /** When it was put for the first time. */
  readonly createdAt: Date;
  /** When it is gone, unless it is put again or pinned. `undefined`: never. */
  readonly expiresAt: Date | undefined;
  /** Who keeps it, ids of workflow instances for example; in order of their names. */
  readonly pinnedBy: readonly string[];
}

const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** Whether a value is a digest, to the letter. */
export function isArtifactDigest(value: unknown): value is ArtifactDigest {
  return typeof value === "string" && DIGEST.test(value);
}

/** Whether a value is a reference to an artifact: an object with a digest under `__wfe_artifact`, and nothing else. */
export function isArtifactRef(value: unknown): value is ArtifactRef {
  if (typeof value !== "object" || value === null) return false;
  const keys = Object.keys(value);
  return keys.length === 1 && keys[0] === "__wfe_artifact" && isArtifactDigest((value as Record<string, unknown>)["__wfe_artifact"]);
}
