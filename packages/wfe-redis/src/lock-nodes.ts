import { Pauses } from "wfe-core";
import type { RedisConnection } from "./connection.ts";

/** So long after its last attempt a node that could not be started is tried again. */
const START_AGAIN_MS = 1_000;
/** When most nodes are started, the others are waited for so long: a lease should be on all that work, since one of them may be lost next. */
const LATE_MS = 500;

/** The nodes from a start to the next stop. */
interface Run {
  readonly started: Set<RedisConnection>;
  readonly starting: Set<RedisConnection>;
  ended: boolean;
}

/** Starts and stops the nodes of a quorum, which works while most of them do. */
export class LockNodes {
  readonly #nodes: readonly RedisConnection[];
  readonly #pauses: Pauses;
  #run: Run | undefined;

  constructor(nodes: readonly RedisConnection[]) {
    this.#nodes = nodes;
    this.#pauses = new Pauses(nodes[0] as RedisConnection); // there is one at least
  }

  /** How many there are. */
  get count(): number {
    return this.#nodes.length;
  }

  /** Resolves when most are started, and the others have had some time; those are then started as soon as they can be. @throws What the first said, when most cannot be started. */
  async start(): Promise<void> {
    const quorum = Math.floor(this.#nodes.length / 2) + 1;
    const run: Run = { started: new Set(), starting: new Set(), ended: false };
    try {
      await new Promise<void>((resolve, reject) => {
        const failures: unknown[] = [];
        for (const node of this.#nodes) {
          void this.#startNode(node, run, {
            onStarted: () => {
              if (run.started.size === this.#nodes.length) resolve();
              else if (run.started.size === quorum) void this.#pauses.wait(LATE_MS).then(resolve);
            },
            onFailed: (error) => {
              failures.push(error);
              if (failures.length >= quorum) reject(failures[0] as Error);
              return failures.length < quorum;
            },
          });
        }
      });
    } catch (error) {
      await this.#end(run);
      throw error;
    }
    this.#pauses.end();
    this.#run = run;
  }

  async stop(): Promise<void> {
    if (this.#run !== undefined) await this.#end(this.#run);
    this.#run = undefined;
  }

  async #end(run: Run): Promise<void> {
    run.ended = true;
    this.#pauses.end();
    // Those that are still being started stop when that is over, which is not waited for.
    for (const node of run.starting) void node.stop();
    await Promise.all([...run.started].map((node) => node.stop()));
  }

  /** Never rejects. @param on.onFailed - Told once. @returns When the node is started, or the run is over. */
  async #startNode(
    node: RedisConnection,
    run: Run,
    on: { readonly onStarted: () => void; readonly onFailed: (error: unknown) => boolean },
  ): Promise<void> {
    for (let attempt = 0; !run.ended; attempt += 1) {
      try {
        run.starting.add(node);
        await node.start();
        if (run.ended) return; // its stop is under way
        run.started.add(node);
        on.onStarted();
        return;
      } catch (error) {
        if (attempt === 0 && on.onFailed(error)) {
          process.emitWarning(`a node of the Redis locks is not used until it works: ${error instanceof Error ? error.message : String(error)}`);
        }
      } finally {
        run.starting.delete(node);
      }
      if (!run.ended) await this.#pauses.wait(START_AGAIN_MS);
    }
  }
}
