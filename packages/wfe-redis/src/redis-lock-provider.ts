import {
  createLease,
  type DistributedLockProvider,
  type Duration,
  durationMs,
  type Lease,
  type LeaseHolder,
  LockError,
  Pauses,
  SharedRun,
} from "wfe-core";
import { connectionOf, type RedisConnection } from "./connection.ts";
import { lockError } from "./error-mapping.ts";
import { LockNodes } from "./lock-nodes.ts";
import { LockQuorum, type Verdict } from "./lock-quorum.ts";
import type { RedisOptions } from "./redis-options.ts";

/** Several independent servers, of which most have to grant a lock. */
export interface RedisLockNodes {
  /**
   * Handles of `openRedis`, or options: an odd number, each a server of its own, not replicas of one another. More than half of them have to work.
   * Timers go by the clock of the first.
   */
  readonly nodes: readonly (RedisConnection | RedisOptions)[];
}

/** Votes that come to nothing, because several ask at once and each gets some nodes, are repeated so often, and so long. */
const MOST_SPLITS = 5;
const SPLITS_MS = 1_000;

/**
 * Locks in a Redis, or in most of several independent ones, by the algorithm of redlock. A lease is a key that the server ends by itself; who renews it is the
 * holder, redlock's automatic extension is not used. Without the capability `presence`: the work of a host that was killed is taken over after the ttl of
 * its lock. A server that loses its data loses its locks, which makes double work possible, and nothing worse.
 */
export class RedisLockProvider implements DistributedLockProvider {
  readonly #first: RedisConnection;
  readonly #nodes: LockNodes;
  readonly #quorum: LockQuorum;
  readonly #pauses: Pauses;
  readonly #run: SharedRun;

  /**
   * @param place - A handle of `openRedis`, the options of a connection of its own, or several nodes.
   * @throws RangeError when an option makes no sense.
   */
  constructor(place: RedisConnection | RedisOptions | RedisLockNodes) {
    const connections = "nodes" in place ? place.nodes.map(connectionOf) : [connectionOf(place)];
    const [first] = connections;
    // Of an even number one more may fail than of the odd one below: none.
    if (first === undefined || connections.length % 2 === 0) {
      throw new RangeError(`nodes must be an odd number of servers: got ${connections.length}`);
    }
    if (new Set(connections).size < connections.length) throw new RangeError("nodes must be different servers: one is given twice");
    this.#first = first;
    this.#nodes = new LockNodes(connections);
    this.#quorum = new LockQuorum(connections);
    this.#pauses = new Pauses(first);
    this.#run = new SharedRun({
      open: () => this.#nodes.start(),
      close: async () => {
        this.#pauses.end();
        await this.#nodes.stop();
      },
      notRunning: () => new LockError("the Redis lock provider is not running: call start() first", { code: "WFE_PROVIDER_NOT_RUNNING" }),
    });
  }

  async start(): Promise<void> {
    try {
      await this.#run.start();
    } catch (error) {
      throw lockError(error);
    }
  }

  stop(): Promise<void> {
    return this.#run.stop();
  }

  async acquireLock(resource: string, options: { readonly ttl: Duration }): Promise<Lease | undefined> {
    this.#run.check();
    const ttlMs = durationMs(options.ttl, "ttl");
    if (ttlMs < 1) throw new RangeError("ttl must be 1 ms or more");
    const wholeMs = Math.ceil(ttlMs); // of the server
    const key = this.#first.keys.lock(resource);
    const verdict = await this.#tried(() => this.#quorum.acquire(key, wholeMs), MOST_SPLITS);
    if (verdict.kind !== "granted") return undefined;
    const { token, requestedAt } = verdict;
    return createLease({
      resource,
      token,
      ttlMs,
      clock: this.#first.clock,
      requestedAt,
      extend: () => this.#held(() => this.#quorum.extend(key, token, wholeMs)),
      release: () => this.#held(() => this.#quorum.release(key, token)),
    });
  }

  /** Says until when, and not who: a lock has a random token alone. */
  async inspect(resource: string): Promise<LeaseHolder | undefined> {
    this.#run.check();
    try {
      const remainingMs = await this.#quorum.remainingMs(this.#first.keys.lock(resource));
      return remainingMs === undefined ? undefined : { expiresAt: new Date(this.#first.clock.now() + remainingMs) };
    } catch (error) {
      throw lockError(error);
    }
  }

  /** Whether a request about a lease found it held. @throws LockError when that is not certain. */
  async #held(request: () => Promise<Verdict>): Promise<boolean> {
    this.#run.check();
    const verdict = await this.#tried(request);
    if ("error" in verdict) {
      throw new LockError("too few nodes have answered about a lease", { cause: verdict.error, retryable: true });
    }
    return verdict.kind === "granted";
  }

  /** Asks until there is an answer, or the time for it is over. */
  async #tried(request: () => Promise<Verdict>, mostSplits = 0): Promise<Verdict> {
    const { clock, retryTimeoutMs } = this.#first;
    const startedAt = clock.monotonic();
    const deadline = startedAt + retryTimeoutMs;
    for (let attempt = 0; ; attempt += 1) {
      const verdict = await request();
      this.#run.check();
      if (verdict.kind === "unreachable") {
        const error = lockError(verdict.error);
        // One node has been asked until the time was over, where that could help.
        if (this.#nodes.count === 1 || !error.retryable || clock.monotonic() >= deadline) throw error;
      } else if (verdict.kind !== "split" || attempt >= mostSplits || clock.monotonic() >= startedAt + SPLITS_MS) {
        return verdict;
      }
      // What was taken of a lock is given back by then, or at least before the next request comes to the same node.
      await this.#pauses.backOff(attempt, deadline - clock.monotonic());
      this.#run.check();
    }
  }
}
