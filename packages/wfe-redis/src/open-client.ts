import { type Cluster, Redis, type RedisOptions as DriverOptions } from "ioredis";
import type { RedisClient } from "./redis-options.ts";

/** What a copy of a client is for. */
export interface CopyOptions {
  /** Pause before a connection is made again, whatever the client itself does: 1 for the first attempt. */
  readonly reconnectMs: (attempt: number) => number;
  /** Whether it subscribes to channels of a shard; in a Cluster that needs a connection to each master. @default false */
  readonly subscribes?: boolean;
}

/** A client of the driver that is in use here. The driver prints errors of a connection that nobody listens to: this does, and remembers the last. */
export class OpenClient {
  readonly client: RedisClient;
  readonly #isCallers: boolean;
  #lastError: Error | undefined;
  readonly #onError = (error: Error): void => {
    this.#lastError = rootOf(error);
  };
  readonly #onReady = (): void => {
    this.#lastError = undefined;
  };

  /** @param isCallers - Whether it is left open, and as it was, at the end. */
  constructor(client: RedisClient, isCallers = false) {
    this.client = client;
    this.#isCallers = isCallers;
    client.on("error", this.#onError);
    client.on("ready", this.#onReady);
  }

  /** What is wrong with the connection, while it is not ready. */
  get lastError(): Error | undefined {
    return this.#lastError;
  }

  /** Whether its owner has closed it: it does not connect any more. */
  get isEnded(): boolean {
    return this.#isCallers && this.client.status === "end";
  }

  /** Another client of the same settings but these, for commands that may wait for any time. It connects with its first command. */
  copy(overrides: DriverOptions, { reconnectMs, subscribes = false }: CopyOptions): OpenClient {
    const settings: DriverOptions = {
      lazyConnect: true,
      maxRetriesPerRequest: null,
      enableOfflineQueue: true,
      autoResendUnfulfilledCommands: true,
      enableAutoPipelining: false,
      retryStrategy: reconnectMs,
      ...overrides,
    };
    const { client } = this;
    if (isCluster(client)) {
      const redisOptions = { ...withoutTimeouts(client.options.redisOptions ?? {}), ...settings };
      return new OpenClient(
        client.duplicate([], {
          lazyConnect: true,
          enableAutoPipelining: false,
          enableOfflineQueue: true,
          clusterRetryStrategy: reconnectMs,
          shardedSubscribers: subscribes,
          redisOptions,
        }),
      );
    }
    return new OpenClient(new Redis({ ...withoutTimeouts(client.options), ...settings }));
  }

  /** Closes it, unless it is a caller's; does not wait for answers. */
  async close(): Promise<void> {
    const { client } = this;
    if (this.#isCallers) {
      client.off("error", this.#onError);
      client.off("ready", this.#onReady);
      return;
    }
    // One that waits to connect again has no connection whose end would be told.
    const hasConnection = !["wait", "reconnecting", "close", "end"].includes(client.status);
    const ended = new Promise((resolve) => void client.once("end", resolve));
    client.disconnect();
    if (hasConnection) await ended;
  }
}

/** @throws RangeError when a client cannot be used: its own prefix would be put before some keys and not before others. */
export function refuseClient(client: RedisClient): void {
  const { keyPrefix } = client.options;
  if (keyPrefix !== undefined && keyPrefix !== "") {
    throw new RangeError(
      `the client has the option keyPrefix ${JSON.stringify(keyPrefix)}, which scripts and channels do not heed: give one without it, and keyPrefix to wfe-redis`,
    );
  }
}

/** Told by its property: it may be of another copy of the driver. */
function isCluster(client: RedisClient): client is Cluster {
  return client.isCluster;
}

function withoutTimeouts(options: DriverOptions): DriverOptions {
  const { commandTimeout: _command, socketTimeout: _socket, ...rest } = options;
  return rest;
}

/** The error of a node, where a Cluster says no more than that all have failed. */
function rootOf(error: Error): Error {
  const { lastNodeError } = error as { readonly lastNodeError?: unknown }; // of the driver's ClusterAllFailedError
  return lastNodeError instanceof Error ? lastNodeError : error;
}
