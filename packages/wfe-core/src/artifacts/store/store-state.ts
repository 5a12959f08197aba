import { ArtifactError } from "../../errors/artifact-errors.ts";
import { type ArtifactDigest, type ArtifactInfo, isArtifactDigest } from "../../models/artifact.ts";
import { ARTIFACT_TYPE, hexOf, INDEX_MEDIA_TYPE, type Manifest, MANIFEST_MEDIA_TYPE, manifestOf } from "./oci-manifest.ts";

const VERSION = "1";
/** Annotations of the index: the version of this form, and objects that are to be removed. */
const STORE_VERSION = "dev.wfe.store.version";
const STORE_GARBAGE = "dev.wfe.store.garbage";
/** Annotations of a descriptor. */
const REF_NAME = "org.opencontainers.image.ref.name";
const CREATED = "org.opencontainers.image.created";
const MEDIA_TYPE = "dev.wfe.artifact.media-type";
const SIZE = "dev.wfe.artifact.size";
const OBJECT = "dev.wfe.artifact.object";
const EXPIRES = "dev.wfe.artifact.expires";
const PINS = "dev.wfe.artifact.pins";

/** An artifact as the state has it. Instants are epoch milliseconds. */
export interface StoredArtifact {
  readonly digest: ArtifactDigest;
  /** Bytes. */
  readonly size: number;
  readonly mediaType: string;
  readonly createdAt: number;
  /** `undefined`: never. */
  readonly expiresAt: number | undefined;
  /** Name of the file that has the bytes; no two puts have the same. */
  readonly object: string;
  /** When each owner has pinned it. */
  readonly pins: ReadonlyMap<string, number>;
}

/** What a store holds, at one instant. */
export interface StoreState {
  readonly artifacts: ReadonlyMap<ArtifactDigest, StoredArtifact>;
  /** Objects that no artifact has any more, or never had, and that no artifact may be given from now on. They go while they stand here. */
  readonly garbage: ReadonlySet<string>;
}

export const EMPTY_STATE: StoreState = { artifacts: new Map(), garbage: new Set() };

// Artifacts do not change: what is made of one is made once.
const manifests = new WeakMap<StoredArtifact, Manifest>();
const descriptors = new WeakMap<StoredArtifact, string>();

/** The manifest of an artifact. */
export function manifestOfStored(artifact: StoredArtifact): Manifest {
  let manifest = manifests.get(artifact);
  if (manifest === undefined) manifests.set(artifact, (manifest = manifestOf(artifact)));
  return manifest;
}

/** What its callers are told of an artifact. */
export function infoOf(artifact: StoredArtifact): ArtifactInfo {
  const { digest, size, mediaType, createdAt, expiresAt, pins } = artifact;
  return {
    digest,
    size,
    mediaType,
    createdAt: new Date(createdAt),
    expiresAt: expiresAt === undefined ? undefined : new Date(expiresAt),
    pinnedBy: [...pins.keys()].toSorted(),
  };
}

/** The state as the text of an OCI image index. */
export function stateText(state: StoreState): string {
  const annotations = { [STORE_VERSION]: VERSION, [STORE_GARBAGE]: JSON.stringify([...state.garbage]) };
  const head = `{"schemaVersion":2,"mediaType":${JSON.stringify(INDEX_MEDIA_TYPE)},"manifests":[`;
  return `${head}${[...state.artifacts.values()].map(descriptorText).join(",")}],"annotations":${JSON.stringify(annotations)}}`;
}

function descriptorText(artifact: StoredArtifact): string {
  let text = descriptors.get(artifact);
  if (text !== undefined) return text;
  const { digest, size } = manifestOfStored(artifact);
  const annotations = {
    [REF_NAME]: hexOf(artifact.digest),
    [CREATED]: new Date(artifact.createdAt).toISOString(),
    [MEDIA_TYPE]: artifact.mediaType,
    [SIZE]: String(artifact.size),
    [OBJECT]: artifact.object,
    ...(artifact.expiresAt === undefined ? {} : { [EXPIRES]: new Date(artifact.expiresAt).toISOString() }),
    ...(artifact.pins.size === 0 ? {} : { [PINS]: JSON.stringify([...artifact.pins]) }),
  };
  text = JSON.stringify({ mediaType: MANIFEST_MEDIA_TYPE, digest, size, artifactType: ARTIFACT_TYPE, annotations });
  descriptors.set(artifact, text);
  return text;
}

/**
 * The state of such a text.
 *
 * @param name - Of the file, for messages.
 * @throws ArtifactError `WFE_ARTIFACT_BACKEND` for any other text.
 */
export function stateOfText(text: string, name: string): StoreState {
  const version = annotationsOf(parsed(text, name))?.[STORE_VERSION];
  if (version !== undefined && version !== VERSION) {
    const problem = `${name} was written by a newer version (its form is ${JSON.stringify(version)}, this one knows ${VERSION}): upgrade this process`;
    throw new ArtifactError("WFE_ARTIFACT_BACKEND", problem);
  }
  try {
    const { manifests: all } = JSON.parse(text) as { readonly manifests: readonly unknown[] };
    const artifacts = all.map((descriptor) => artifactOf(annotationsOf(descriptor) ?? {}));
    const garbage = stringsOf(JSON.parse(annotationsOf(JSON.parse(text))?.[STORE_GARBAGE] ?? ""));
    return { artifacts: new Map(artifacts.map((artifact) => [artifact.digest, artifact])), garbage: new Set(garbage) };
  } catch (cause) {
    throw damaged(name, cause);
  }
}

function parsed(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw damaged(name, cause);
  }
}

function damaged(name: string, cause: unknown): ArtifactError {
  return new ArtifactError("WFE_ARTIFACT_BACKEND", `${name} is no state of an artifact store: check the disk, or restore the folder from a backup`, {
    cause,
  });
}

function annotationsOf(value: unknown): Readonly<Record<string, string>> | undefined {
  // Any other form fails at the first annotation that is read.
  return (value as { readonly annotations?: Readonly<Record<string, string>> } | null)?.annotations;
}

function artifactOf(annotations: Readonly<Record<string, string>>): StoredArtifact {
  const { [REF_NAME]: hex, [MEDIA_TYPE]: mediaType, [OBJECT]: object, [EXPIRES]: expires, [PINS]: pins } = annotations;
  const digest = `sha256:${hex}`;
  if (!isArtifactDigest(digest)) throw new TypeError(`${digest} is no digest`);
  if (typeof mediaType !== "string" || typeof object !== "string" || !isObjectName(object))
    throw new TypeError(`${digest} has no media type, or no object`);
  return {
    digest,
    size: numberOf(annotations[SIZE], Number),
    mediaType,
    createdAt: numberOf(annotations[CREATED], Date.parse),
    expiresAt: expires === undefined ? undefined : numberOf(expires, Date.parse),
    object,
    pins: new Map(pins === undefined ? [] : (JSON.parse(pins) as [string, number][])),
  };
}

function numberOf(text: string | undefined, read: (text: string) => number): number {
  const value = text === undefined ? Number.NaN : read(text);
  if (!Number.isFinite(value)) throw new TypeError(`${JSON.stringify(text)} is no size and no instant`);
  return value;
}

function stringsOf(value: unknown): readonly string[] {
  if (!Array.isArray(value) || !value.every((name) => typeof name === "string" && isObjectName(name))) throw new TypeError("no list of objects");
  return value as readonly string[];
}

/** Whether a name is that of a file in the folder of the objects, and of none elsewhere. */
export function isObjectName(name: string): boolean {
  return /^[\w~-][\w.~-]*$/.test(name);
}
