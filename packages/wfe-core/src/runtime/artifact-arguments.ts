import { ARTIFACT_MEDIA_TYPES } from "../models/artifact.ts";
import { type Duration, durationMs } from "../models/duration.ts";

const DEFAULT_EXPIRY: Duration = "7d";
const DEFAULT_MAX_BLOB_BYTES = 10 * 1024 ** 3;
const LONGEST_OWNER = 255;
/** The last instant of a `Date`. */
const LAST_INSTANT_MS = 8.64e15;
/** A type and a subtype as RFC 6838 has them, without parameters: all that a descriptor may hold. */
const MEDIA_TYPE = /^[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}\/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}$/;

/** What every store of artifacts can be opened with. */
export interface ArtifactStoreLimits {
  /** How long an artifact stays after its last `put`, unless it is pinned. 0: it is gone at once. @default "7d" */
  readonly expiry?: Duration | "never";
  /** Largest artifact, in bytes. @default 10 GiB */
  readonly maxBlobBytes?: number;
}

/** The media type of what is put. @throws RangeError for what is none. */
export function checkedMediaType(mediaType: string = ARTIFACT_MEDIA_TYPES.tarGzip): string {
  if (typeof mediaType === "string" && MEDIA_TYPE.test(mediaType)) return mediaType;
  throw new RangeError(`mediaType must be like "application/json", without parameters: got ${JSON.stringify(mediaType)}`);
}

/** The name of who pins. @throws RangeError when it has not 1 to 255 characters. */
export function checkedOwner(owner: string): string {
  if (typeof owner === "string" && owner.length >= 1 && owner.length <= LONGEST_OWNER) return owner;
  throw new RangeError(`the owner of a pin must have 1 to ${LONGEST_OWNER} characters: got ${JSON.stringify(owner)}`);
}

/** The limits of a store, with their defaults. @throws RangeError for what is out of bounds. */
export function checkedLimits({ expiry = DEFAULT_EXPIRY, maxBlobBytes = DEFAULT_MAX_BLOB_BYTES }: ArtifactStoreLimits): {
  readonly expiryMs: number;
  readonly maxBlobBytes: number;
} {
  if (!(Number.isSafeInteger(maxBlobBytes) && maxBlobBytes >= 0)) {
    throw new RangeError(`maxBlobBytes must be a whole number of 0 or more: got ${String(maxBlobBytes)}`);
  }
  return { expiryMs: expiry === "never" ? Number.POSITIVE_INFINITY : durationMs(expiry, "expiry"), maxBlobBytes };
}

/** When that is gone which is put now; `undefined`: never. One that is there already does not go earlier for it. */
export function expiryAfterPut(now: number, expiryMs: number, before?: { readonly expiresAt: number | undefined }): number | undefined {
  if (expiryMs === Number.POSITIVE_INFINITY || (before !== undefined && before.expiresAt === undefined)) return undefined;
  return Math.max(Math.min(now + expiryMs, LAST_INSTANT_MS), before?.expiresAt ?? 0);
}

/** Whether somebody can see it: it has not expired, or is pinned. */
export function isLive(artifact: { readonly expiresAt: number | undefined; readonly pins: { readonly size: number } }, now: number): boolean {
  return artifact.expiresAt === undefined || now < artifact.expiresAt || artifact.pins.size > 0;
}
