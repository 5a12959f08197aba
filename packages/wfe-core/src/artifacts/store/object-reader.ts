import { createHash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { artifactCorrupt } from "../../runtime/artifact-refusals.ts";
import { mapped } from "../error-mapping.ts";
import type { StoredArtifact } from "./store-state.ts";

const PIECE = 256 * 1024;

/**
 * The bytes of an open file in pieces, compared with the size and the digest of the artifact. The last piece is given when they are right: of a
 * short artifact nothing is ever given that is wrong. Closes the file.
 *
 * @throws ArtifactError `WFE_ARTIFACT_CORRUPT`
 */
export async function* verifiedPieces(handle: FileHandle, artifact: StoredArtifact): AsyncGenerator<Uint8Array, void> {
  try {
    const hash = createHash("sha256");
    let held: Uint8Array | undefined;
    let size = 0;
    for (;;) {
      const piece = await mapped("read an artifact", () => nextPiece(handle));
      if (piece.byteLength === 0) break;
      size += piece.byteLength;
      if (size > artifact.size) throw artifactCorrupt(artifact.digest, `has more than its ${artifact.size} bytes`);
      hash.update(piece);
      if (held !== undefined) yield held;
      held = piece;
    }
    if (size !== artifact.size) throw artifactCorrupt(artifact.digest, `has ${size} of its ${artifact.size} bytes`);
    const digest = `sha256:${hash.digest("hex")}`;
    if (digest !== artifact.digest) throw artifactCorrupt(artifact.digest, `has the bytes of ${digest}`);
    if (held !== undefined) yield held;
  } finally {
    await mapped("close an artifact", () => handle.close());
  }
}

async function nextPiece(handle: FileHandle): Promise<Uint8Array> {
  // A new one for each, as whoever is given a piece may keep it.
  const buffer = Buffer.allocUnsafeSlow(PIECE);
  const { bytesRead } = await handle.read(buffer, 0, PIECE, null);
  return buffer.subarray(0, bytesRead);
}
