// oxlint-disable-next-line typescript/triple-slash-reference -- an ambient declaration is no module that could be imported
/// <reference path="./redlock.d.ts" />
import Redlock, { Lock, type RedlockClient } from "redlock";
import type { RedisConnection } from "./connection.ts";
import { isUnknownScript } from "./error-mapping.ts";
import { ACQUIRE_SCRIPT, NOBODYS, RELEASE_SCRIPT } from "./lock-scripts.ts";
import type { RedisClient } from "./redis-options.ts";

/**
 * What came of a request. `refused`: most nodes say that the lock is another's, or nobody's. `unreachable`: most nodes did not answer. `split`: neither, some
 * of each; two that asked at once may have got some nodes each.
 */
export type Verdict =
  | { readonly kind: "granted"; readonly token: string; readonly requestedAt: number }
  | { readonly kind: "refused" }
  | { readonly kind: "split" | "unreachable"; readonly error: unknown };

/** A node of several is not waited for any longer, when the others do not suffice. */
const NODE_TIMEOUT_MS = 500;

/** The votes of one request. */
class Tally {
  readonly #quorum: number;
  readonly #settle: (verdict: "refused" | "unreachable" | "split") => void;
  /** Which it is, once that is certain; never, when it is granted. */
  readonly against: Promise<"refused" | "unreachable" | "split">;
  /** `clock.monotonic()` before the last request to a node was sent. */
  sentAt = 0;
  error: unknown;
  #refused = 0;
  #failed = 0;

  constructor(nodes: number) {
    this.#quorum = Math.floor(nodes / 2) + 1;
    let settle: (verdict: "refused" | "unreachable" | "split") => void = () => {};
    this.against = new Promise((resolve) => {
      settle = resolve;
    });
    this.#settle = settle;
  }

  refuse(): void {
    this.#refused += 1;
    this.#count();
  }

  fail(error: unknown): void {
    this.error ??= error;
    this.#failed += 1;
    this.#count();
  }

  #count(): void {
    if (this.#refused >= this.#quorum) this.#settle("refused");
    else if (this.#failed >= this.#quorum) this.#settle("unreachable");
    else if (this.#refused + this.#failed >= this.#quorum) this.#settle("split");
  }
}

/** Locks on one Redis, or on most of several independent ones, by redlock. */
export class LockQuorum {
  readonly #nodes: readonly RedisConnection[];
  readonly #redlock: Redlock;
  /** Of the request that redlock is sending now. */
  #tally: Tally | undefined;

  /** @param nodes - An odd number: with an even one redlock waits for ever for a majority when half of them are against. */
  constructor(nodes: readonly RedisConnection[]) {
    this.#nodes = nodes;
    this.#redlock = new Redlock(
      nodes.map((node) => this.#clientOf(node)),
      // No margin for clocks that run at different rates: a lease is counted from before its request, on a clock that nobody sets, so its holder ends first; and
      // what two holders write is told apart by the store. Redlock's own count of the time, on a clock that may be set, is not used.
      { retryCount: 0, driftFactor: 0 },
      { acquireScript: () => ACQUIRE_SCRIPT, releaseScript: () => RELEASE_SCRIPT },
    );
  }

  /** Takes a lock under a new random token. What was taken of one that is not granted is given back. */
  acquire(key: string, ttlMs: number): Promise<Verdict> {
    return this.#ask(() => this.#redlock.acquire([key], ttlMs));
  }

  /** Makes a lock of this token last this long from now; never takes one that is not there. */
  extend(key: string, token: string, ttlMs: number): Promise<Verdict> {
    return this.#ask(() => this.#lock(key, token).extend(ttlMs));
  }

  /** Removes a lock of this token. */
  release(key: string, token: string): Promise<Verdict> {
    return this.#ask(async () => {
      const lock = this.#lock(key, token);
      await lock.release();
      return lock;
    });
  }

  /**
   * How long whoever has a lock has it on most nodes; `undefined` when nobody has. Changes nothing.
   *
   * @throws What the first node said that did not answer, when the others do not suffice.
   */
  async remainingMs(key: string): Promise<number | undefined> {
    const options = this.#nodes.length === 1 ? {} : { timeoutMs: NODE_TIMEOUT_MS };
    const ask = (node: RedisConnection): Promise<readonly [string | null, number]> =>
      node.command((client) => Promise.all([client.get(key), client.pttl(key)]), options);
    const answers = await Promise.allSettled(this.#nodes.map(ask));
    const lasting = new Map<string, number[]>();
    for (const answer of answers) {
      if (answer.status === "rejected") continue;
      const [token, remainingMs] = answer.value;
      if (token !== null && remainingMs > 0) lasting.set(token, [...(lasting.get(token) ?? []), remainingMs]);
    }
    const quorum = Math.floor(this.#nodes.length / 2) + 1;
    const most = [...lasting.values()].reduce((longest, times) => (times.length > longest.length ? times : longest), []);
    // It has most of the nodes until the first of the longest so many lets it go.
    if (most.length >= quorum) return most.toSorted((a, b) => b - a)[quorum - 1];
    const failures = answers.filter((answer) => answer.status === "rejected");
    if (failures[0] !== undefined && most.length + failures.length >= quorum) throw failures[0].reason;
    return undefined;
  }

  /** A new one for each request, since redlock ends it with the first. */
  #lock(key: string, token: string): Lock {
    return new Lock(this.#redlock, [key], token, [], Number.POSITIVE_INFINITY);
  }

  async #ask(request: () => Promise<Lock>): Promise<Verdict> {
    const tally = new Tally(this.#nodes.length);
    const { clock } = this.#nodes[0] as RedisConnection; // there is one at least
    const startedAt = clock.monotonic();
    // Redlock calls all clients before it returns, so that their votes are known to be of this request.
    this.#tally = tally;
    const answer = request();
    this.#tally = undefined;
    // What it says when it is against is known from the votes.
    const granted = answer.catch(() => tally.against);
    // What is against is known before redlock has given back what it had got, which may take long when nodes are away.
    const verdict = await Promise.race([tally.against, granted]);
    if (verdict instanceof Lock) {
      const requestedAt = this.#nodes.length === 1 ? tally.sentAt : startedAt;
      return { kind: "granted", token: verdict.value, requestedAt };
    }
    return verdict === "refused" ? { kind: verdict } : { kind: verdict, error: tally.error };
  }

  /** What redlock is given for a node. */
  #clientOf(node: RedisConnection): RedlockClient {
    return {
      evalsha: (hash, count, args) =>
        this.#vote(node, hash === this.#redlock.scripts.releaseScript.hash, async (client) => {
          try {
            return await client.evalsha(hash, count, ...args);
          } catch (error) {
            // Redlock would do the same by `eval`, but sees typed errors only.
            const text = this.#scriptOf(hash);
            if (!isUnknownScript(error) || text === undefined) throw error;
            return await client.eval(text, count, ...args);
          }
        }),
    };
  }

  async #vote(node: RedisConnection, isRelease: boolean, send: (client: RedisClient) => Promise<unknown>): Promise<unknown> {
    const isOnly = this.#nodes.length === 1;
    // Of several, one that is away is not waited for. What it may have granted is given back all the same, when it is there again.
    const absence = isOnly ? undefined : node.absence;
    const tally = absence === undefined ? this.#tally : undefined;
    if (absence !== undefined) {
      this.#tally?.fail(absence);
      if (!isRelease) throw absence;
    }
    // A grant that is sent again could come after it was given back.
    const once = { timeoutMs: Math.min(NODE_TIMEOUT_MS, node.retryTimeoutMs), repeatable: false };
    let attempts = 0;
    try {
      const result = await node.command(
        (client) => {
          attempts += 1;
          if (tally !== undefined) tally.sentAt = node.clock.monotonic();
          return send(client);
        },
        isOnly || isRelease ? {} : once,
      );
      // It was there before the attempt whose answer was lost.
      const vote = result === NOBODYS && attempts > 1 ? 1 : result;
      if (vote !== 1) tally?.refuse();
      return vote;
    } catch (error) {
      tally?.fail(error);
      throw error;
    }
  }

  #scriptOf(hash: string): string | undefined {
    return Object.values(this.#redlock.scripts).find((script) => script.hash === hash)?.value;
  }
}
