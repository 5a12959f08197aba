import { PersistenceError } from "wfe-core";

const OLDEST_VERSION = 7;

/**
 * Looks at a server before it is used.
 *
 * @param info - Its answer to `INFO`.
 * @param store - What to call it in messages.
 * @throws PersistenceError when it is too old, or takes no writes.
 */
export function refuseServer(info: string, store: string): void {
  const lines = new Map(info.split(/\r?\n/).map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)]));
  const version = lines.get("redis_version") ?? "unknown";
  // One that does not tell is not known to be too old.
  if (Number.parseInt(version, 10) < OLDEST_VERSION) {
    throw new PersistenceError("WFE_PERSISTENCE_FAILED", `${store} is version ${version}: wfe needs Redis ${OLDEST_VERSION} or later`);
  }
  if (lines.get("role") === "slave" && lines.get("slave_read_only") !== "0") {
    throw new PersistenceError("WFE_STORE_READ_ONLY", `${store} is read-only: it is a replica; connect to the primary`, { retryable: true });
  }
}
