import { createHash } from "node:crypto";
import type { ArtifactDigest } from "../../models/artifact.ts";

/** @see https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md */
export const LAYOUT_TEXT = '{"imageLayoutVersion":"1.0.0"}';
export const INDEX_MEDIA_TYPE = "application/vnd.oci.image.index.v1+json";
export const MANIFEST_MEDIA_TYPE = "application/vnd.oci.image.manifest.v1+json";
/** The type of what the store keeps, in manifests and descriptors. */
export const ARTIFACT_TYPE = "application/vnd.wfe.artifact.v1";

/** The config of what has none. */
export const EMPTY_CONFIG_TEXT = "{}";
const EMPTY_CONFIG = {
  mediaType: "application/vnd.oci.empty.v1+json",
  digest: digestOfText(EMPTY_CONFIG_TEXT),
  size: EMPTY_CONFIG_TEXT.length,
} as const;
/** Name of the config among the blobs. */
export const EMPTY_CONFIG_HEX: string = hexOf(EMPTY_CONFIG.digest);

/** An image manifest, as a blob. */
export interface Manifest {
  readonly text: string;
  readonly digest: ArtifactDigest;
  /** Bytes. */
  readonly size: number;
}

/** The manifest of an artifact: always the same for the same digest, size and media type, so that it can be made again at any time. */
export function manifestOf(artifact: { readonly digest: ArtifactDigest; readonly size: number; readonly mediaType: string }): Manifest {
  const text = JSON.stringify({
    schemaVersion: 2,
    mediaType: MANIFEST_MEDIA_TYPE,
    artifactType: ARTIFACT_TYPE,
    config: EMPTY_CONFIG,
    layers: [{ mediaType: artifact.mediaType, digest: artifact.digest, size: artifact.size }],
  });
  return { text, digest: digestOfText(text), size: Buffer.byteLength(text) };
}

/** The name of a blob: its digest without the algorithm. */
export function hexOf(digest: ArtifactDigest): string {
  return digest.slice("sha256:".length);
}

function digestOfText(text: string): ArtifactDigest {
  return `sha256:${createHash("sha256").update(text).digest("hex")}`;
}
