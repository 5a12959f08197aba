import { PersistenceError } from "wfe-core";

/** What has to be known of a server, a database and a role before they are used. */
export interface ServerSettings {
  /** Of the server: 170010 is 17.10. */
  readonly version: number;
  readonly encoding: string;
  /** Of transactions that say nothing of it. */
  readonly isolation: string;
  readonly read_only: string;
}

/** Asks for {@link ServerSettings}. */
export const SERVER_SETTINGS = `SELECT current_setting('server_version_num')::bigint AS version, current_setting('server_encoding') AS encoding,
  current_setting('default_transaction_isolation') AS isolation, current_setting('default_transaction_read_only') AS read_only`;

const OLDEST_VERSION = 140_000;

/**
 * Refuses a server that cannot be worked with, before anything is written.
 *
 * @param store - What to call the database in messages.
 * @throws PersistenceError `WFE_PERSISTENCE_FAILED`, or `WFE_STORE_READ_ONLY`.
 */
export function refuseSettings({ version, encoding, isolation, read_only: readOnly }: ServerSettings, store: string): void {
  if (version < OLDEST_VERSION) {
    throw new PersistenceError(
      "WFE_PERSISTENCE_FAILED",
      `${store} is on a server of version ${Math.floor(version / 10_000)}: wfe needs PostgreSQL 14 or later`,
    );
  }
  if (encoding !== "UTF8") {
    throw new PersistenceError(
      "WFE_PERSISTENCE_FAILED",
      `${store} has the encoding ${encoding}, which cannot hold every text: wfe needs a database in UTF8`,
    );
  }
  if (isolation !== "read committed") {
    // What a commit sees of others depends on it.
    throw new PersistenceError(
      "WFE_PERSISTENCE_FAILED",
      `${store} sets default_transaction_isolation to ${JSON.stringify(isolation)}: wfe needs "read committed", so give it a role or connections without that setting`,
    );
  }
  if (readOnly === "on") {
    throw new PersistenceError(
      "WFE_STORE_READ_ONLY",
      `${store} sets default_transaction_read_only: wfe writes, so give it a role or connections without that setting`,
    );
  }
}
