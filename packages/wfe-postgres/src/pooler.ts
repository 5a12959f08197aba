import { type Clock, PersistenceError } from "wfe-core";
import { type ConnectionSource, type PostgresClient, runOn } from "./connection.ts";

/** Looks until a pooler is taken for one that keeps sessions; others of its clients may come between two of them. */
const ROUNDS = 5;
/** How long a second connection may be waited for. */
const COMPANION_TIMEOUT_MS = 1_000;

/** What {@link requireSession} works with. */
export interface SessionCheck {
  readonly connections: ConnectionSource;
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** What to call the database in messages. */
  readonly store: string;
}

/**
 * Makes sure that a connection is one session of the server, as `LISTEN` and advisory locks need it, and does not reach another one with every
 * statement through a pooler.
 *
 * @throws PersistenceError `WFE_STORE_SESSION_REQUIRED` when it is not. Never for a direct connection, or a pooler in session mode.
 */
export async function requireSession(client: PostgresClient, check: SessionCheck): Promise<void> {
  const backend = await backendOf(client, check.timeoutMs);
  // The server has said at the beginning who serves the connection; a pooler makes something up.
  if (backend === client.processID) return;
  const companion = await companionOf(check);
  if (companion === undefined) return;
  let keep = false;
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      // Sessions have a process of the server each, and keep it. A pooler without them gives the one that was used last, which the second connection
      // then gets, or the one that has rested longest, which differs from one statement to the next.
      const others = await backendOf(companion, Math.min(check.timeoutMs, COMPANION_TIMEOUT_MS));
      const ours = [await backendOf(client, check.timeoutMs), await backendOf(client, check.timeoutMs)];
      if (others === backend || ours.some((pid) => pid !== backend)) throw sessionRequired(check.store);
    }
    keep = true;
  } catch (error) {
    if (error instanceof PersistenceError) {
      keep = true;
      throw error;
    }
    // The second connection is waited for in vain where all sessions of a pooler are taken.
  } finally {
    check.connections.give(companion, keep ? undefined : { cause: undefined });
  }
}

async function backendOf(client: PostgresClient, timeoutMs: number): Promise<number | undefined> {
  const [found] = await runOn<{ pid: number }>(client, "SELECT pg_backend_pid() AS pid", [], timeoutMs);
  return found?.pid;
}

/** A second connection; `undefined` when there is none to be had soon. */
function companionOf({ connections, clock }: SessionCheck): Promise<PostgresClient | undefined> {
  return new Promise((resolve) => {
    let isLate = false;
    const timer = clock.setTimer(COMPANION_TIMEOUT_MS, () => {
      isLate = true;
      resolve(undefined);
    });
    connections.take().then(
      (client) => {
        timer.cancel();
        if (isLate) connections.give(client);
        else resolve(client);
      },
      () => {
        timer.cancel();
        resolve(undefined);
      },
    );
  });
}

function sessionRequired(store: string): PersistenceError {
  return new PersistenceError(
    "WFE_STORE_SESSION_REQUIRED",
    `${store} is reached through a pooler that gives each transaction another session (transaction or statement mode), which notifications and presence cannot do with: connect to the server itself or through a pooler in session mode, or set notifications: false`,
  );
}
