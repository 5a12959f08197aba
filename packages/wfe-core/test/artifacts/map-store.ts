import { createHash } from "node:crypto";
import type { ArtifactDigest, ArtifactInfo, ArtifactRef, ArtifactStore } from "../../src/index.ts";
import { ARTIFACT_MEDIA_TYPES, artifactRef } from "../../src/index.ts";
import { collected } from "./tar-bytes.ts";

/** Bytes in a map, with what a volume needs of a store; counts what is read. */
export class MapStore implements Pick<ArtifactStore, "get" | "stat" | "put"> {
  readonly blobs: Map<ArtifactDigest, { readonly bytes: Uint8Array; readonly info: ArtifactInfo }> = new Map();
  readonly reads: ArtifactDigest[] = [];

  async add(bytes: Uint8Array): Promise<ArtifactRef> {
    return artifactRef((await this.put(bytes)).digest);
  }

  async put(content: AsyncIterable<Uint8Array> | Uint8Array, options: Parameters<ArtifactStore["put"]>[1] = {}): Promise<ArtifactInfo> {
    const bytes = content instanceof Uint8Array ? content : await collected(content);
    const digest: ArtifactDigest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
    const info = {
      digest,
      size: bytes.byteLength,
      mediaType: options.mediaType ?? ARTIFACT_MEDIA_TYPES.tarGzip,
      createdAt: new Date(0),
      expiresAt: undefined,
      pinnedBy: options.pinnedBy === undefined ? [] : [options.pinnedBy],
    };
    this.blobs.set(digest, { bytes, info });
    return info;
  }

  async *get(digest: ArtifactDigest): AsyncGenerator<Uint8Array, void, undefined> {
    this.reads.push(digest);
    const blob = this.blobs.get(digest);
    if (blob === undefined) throw new Error(`the map has no ${digest}`);
    yield blob.bytes;
  }

  async stat(digest: ArtifactDigest): Promise<ArtifactInfo | undefined> {
    return this.blobs.get(digest)?.info;
  }
}
