import { ArtifactError } from "../errors/artifact-errors.ts";
import type { ArtifactDigest } from "../models/artifact.ts";

/** What a store says of content beyond its limit. */
export function artifactTooLarge(maxBlobBytes: number): ArtifactError {
  const problem = `the artifact has more than the ${maxBlobBytes} bytes that \`maxBlobBytes\` allows`;
  return new ArtifactError("WFE_ARTIFACT_TOO_LARGE", `${problem}: raise the option, or split the artifact`);
}

/** What a store says of an artifact that it has not. */
export function artifactNotFound(digest: ArtifactDigest): ArtifactError {
  return new ArtifactError("WFE_ARTIFACT_NOT_FOUND", `there is no artifact ${digest} in the store, or it has expired: pin what must stay`);
}

/** What a store says of an artifact that is not to be deleted. @param owners - At least one. */
export function artifactPinned(digest: ArtifactDigest, owners: ReadonlyMap<string, unknown>): ArtifactError {
  const [first] = owners.keys();
  const others = owners.size === 1 ? "" : ` and ${owners.size - 1} more`;
  return new ArtifactError("WFE_ARTIFACT_PINNED", `the artifact ${digest} is kept by ${JSON.stringify(first)}${others}: unpin its owners first`);
}

/** What a store says of bytes that are not those of the digest. */
export function artifactCorrupt(digest: ArtifactDigest, problem: string): ArtifactError {
  return new ArtifactError("WFE_ARTIFACT_CORRUPT", `the artifact ${digest} ${problem}: check the disk, and put it again`);
}
