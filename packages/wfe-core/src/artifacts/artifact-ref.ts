import { ArtifactError } from "../errors/artifact-errors.ts";
import { type ArtifactDigest, type ArtifactRef, isArtifactDigest, isArtifactRef } from "../models/artifact.ts";

/** Characters of a wrong value that a message shows. */
const LONGEST_SHOWN = 100;

/**
 * A reference to an artifact, to be kept in workflow data.
 *
 * @throws ArtifactError `WFE_ARTIFACT_REF_INVALID` for what is no digest.
 */
export function artifactRef(digest: string): ArtifactRef {
  return { __wfe_artifact: checkedDigest(digest) };
}

/**
 * The digest of a reference.
 *
 * @throws ArtifactError `WFE_ARTIFACT_REF_INVALID` for any other value.
 */
export function parseArtifactRef(value: unknown): ArtifactDigest {
  if (isArtifactRef(value)) return value.__wfe_artifact;
  throw invalid(value, 'no reference to an artifact: expected { "__wfe_artifact": "sha256:<64 hexadecimal digits, lower case>" } alone');
}

/** The same as {@link parseArtifactRef}, of a value that stands somewhere. @param where - For the message: `the artifact "source"`. */
export function parseArtifactRefAt(where: string, value: unknown): ArtifactDigest {
  try {
    return parseArtifactRef(value);
  } catch (cause) {
    throw new ArtifactError("WFE_ARTIFACT_REF_INVALID", `${where}: ${(cause as ArtifactError).message}`, { cause }); // nothing else is thrown there
  }
}

/**
 * The same, if it is a digest.
 *
 * @throws ArtifactError `WFE_ARTIFACT_REF_INVALID` otherwise; so nothing else ever becomes the name of a file.
 */
export function checkedDigest(digest: unknown): ArtifactDigest {
  if (isArtifactDigest(digest)) return digest;
  throw invalid(digest, "no digest of an artifact: expected sha256:<64 hexadecimal digits, lower case>");
}

/** The digest of a reference, or one that is given as it is. @throws ArtifactError `WFE_ARTIFACT_REF_INVALID` */
export function digestOf(refOrDigest: ArtifactRef | ArtifactDigest): ArtifactDigest {
  return typeof refOrDigest === "string" ? checkedDigest(refOrDigest) : parseArtifactRef(refOrDigest);
}

/** Digests of all references that stand somewhere in a value of JSON, each once. */
export function artifactRefsIn(value: unknown): readonly ArtifactDigest[] {
  const found = new Set<ArtifactDigest>();
  const look = (part: unknown): void => {
    if (typeof part !== "object" || part === null) return;
    if (isArtifactRef(part)) found.add(part.__wfe_artifact);
    else for (const each of Object.values(part)) look(each);
  };
  look(value);
  return [...found];
}

function invalid(value: unknown, problem: string): ArtifactError {
  const text = JSON.stringify(value) ?? String(value);
  const shown = text.length <= LONGEST_SHOWN ? text : `${text.slice(0, LONGEST_SHOWN)}…`;
  return new ArtifactError("WFE_ARTIFACT_REF_INVALID", `${shown} is ${problem}`);
}
