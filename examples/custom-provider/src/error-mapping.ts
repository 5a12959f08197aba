import { PersistenceError, WfeError } from "wfe-core";
import { NewerFormatError } from "./state-text.ts";

type Code = ConstructorParameters<typeof PersistenceError>[0];

/** What a code of Node.js means for the store, and whether the same call may succeed later. */
const MEANINGS: Readonly<Record<string, { readonly code: Code; readonly what: string; readonly retryable: boolean }>> = {
  ENOSPC: { code: "WFE_STORE_FULL", what: "cannot grow: the disk is full", retryable: true },
  EDQUOT: { code: "WFE_STORE_FULL", what: "cannot grow: the quota is used up", retryable: true },
  EACCES: { code: "WFE_STORE_READ_ONLY", what: "cannot be used: check the permissions of the file and of its folder", retryable: false },
  EPERM: { code: "WFE_STORE_READ_ONLY", what: "cannot be used: check the permissions of the file and of its folder", retryable: false },
  EROFS: { code: "WFE_STORE_READ_ONLY", what: "cannot be written: the disk is read-only", retryable: false },
};

/** The typed error for what the file system, or the reading of the file, threw. Errors of the engine, and for wrong arguments, stay as they are. */
export function storeError(error: unknown, path: string): unknown {
  if (error instanceof WfeError || error instanceof RangeError) return error;
  const store = `the file ${JSON.stringify(path)}`;
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof NewerFormatError) return new PersistenceError("WFE_STORE_NEWER", `${store} was written by a newer program: ${message}`);
  const code = error instanceof Error && "code" in error ? String(error.code) : undefined;
  if (code === undefined) return new PersistenceError("WFE_STORE_CORRUPT", `${store} holds no state: ${message}`, { cause: error });
  const meaning = MEANINGS[code] ?? { code: "WFE_STORE_UNREACHABLE", what: `cannot be reached: ${message}`, retryable: true };
  return new PersistenceError(meaning.code, `${store} ${meaning.what}`, { cause: error, retryable: meaning.retryable });
}
