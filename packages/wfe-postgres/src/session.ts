import type { Clock, Entropy } from "wfe-core";
import type { PostgresPool } from "./connection.ts";
import type { SchemaNames } from "./schema-names.ts";

/** What a {@link Session} works with. */
export interface SessionOptions {
  readonly pool: () => PostgresPool;
  readonly names: SchemaNames;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly queryTimeoutMs: number;
  /** What to call the database in messages. */
  readonly store: string;
}

/** Somebody who wants to know what comes over the session. */
export interface SessionListener {
  /** A notification on the channel of the schema, also one of this process. */
  readonly onMessage?: (payload: string) => void;
  /** It is there again after it was lost: notifications may have been missed, and the presence is another one. */
  readonly onRestored?: () => void;
}

/**
 * One connection that is kept for as long as a provider runs: notifications come over it, and its advisory lock is the presence of this process,
 * which others see in `pg_locks` and which the server takes away within a moment of the process's death.
 */
export class Session {
  constructor(options: SessionOptions) {
    void options;
  }

  /** Connects, listens and takes presence. @throws WfeError when it cannot, or when what is connected to keeps no sessions. */
  async start(): Promise<void> {}

  async stop(): Promise<void> {}

  /** The presence of this process, a number that no other has; `undefined` while the connection is lost. */
  get presence(): number | undefined {
    return undefined;
  }

  /** @returns Ends it. */
  listen(listener: SessionListener): () => void {
    void listener;
    return () => {};
  }
}
