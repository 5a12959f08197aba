import { eventually } from "wfe/test-support";
import type { Cluster } from "./cluster.ts";
import { hasEarlyNotes, note, notesOf, trip } from "./trip-workflow.ts";

const TIMEOUT_MS = 900_000;

/** How trips are made. */
export interface TripsOptions {
  /** So many at the same time at most. */
  readonly underWay: number;
  /** How long all may take. @default 15 minutes */
  readonly timeoutMs?: number;
  /** Whether what could not be started, published or asked for is tried again. @default never */
  readonly outlasts?: (error: unknown) => boolean;
}

const definition = trip(() => {}); // its bodies run elsewhere

const PREFIX = "t";
export const idOf = (n: number): string => `${PREFIX}${n}`;

/** What is done from outside of the hosts: starts trips and publishes their notes, at their start or when they wait for them. */
export class Trips {
  readonly count: number;
  readonly #cluster: Cluster;
  readonly #options: TripsOptions;
  #started = 0;
  #complete = 0;
  #isOver = false;

  constructor(cluster: Cluster, count: number, options: TripsOptions) {
    this.#cluster = cluster;
    this.count = count;
    this.#options = options;
  }

  /** Share of those that are over, 0 to 1. */
  get done(): number {
    return this.#complete / this.count;
  }

  /** Whether {@link run} has come to its end, good or bad. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Resolves when all are over. */
  async run(): Promise<void> {
    let failure: Error | undefined;
    const look = async (): Promise<boolean> => {
      try {
        this.#complete = await this.#cluster.client.countWorkflows({ definitionId: "trip", status: "complete" });
        const suspended = await this.#cluster.client.listWorkflows({ status: "suspended" }, { limit: 1 });
        for (const { id, error } of suspended.items) throw new Error(`${id} is suspended: ${error?.message}`);
        await Promise.all([this.#startMore(), this.#publishLate()]);
      } catch (error) {
        // The same ids again: what has happened already does not happen twice.
        if (this.#options.outlasts?.(error) === true) return false;
        failure = error instanceof Error ? error : new Error(String(error));
      }
      return failure !== undefined || this.#complete === this.count;
    };
    const { timeoutMs = TIMEOUT_MS } = this.#options;
    try {
      await eventually(look, { what: `the end of ${this.count} trips`, timeout: timeoutMs, interval: 50 });
    } finally {
      this.#isOver = true;
    }
    if (failure !== undefined) throw failure;
  }

  async #startMore(): Promise<void> {
    const to = Math.min(this.count, this.#complete + this.#options.underWay);
    const numbers = Array.from({ length: Math.max(0, to - this.#started) }, (_, index) => this.#started + index);
    await Promise.all(numbers.map((n) => this.#start(n)));
    this.#started += numbers.length;
  }

  async #start(n: number): Promise<void> {
    await this.#cluster.client.startWorkflow(definition, { id: idOf(n), n, runs: [], notes: [] }, { id: idOf(n) });
    if (!hasEarlyNotes(n)) return;
    for (const number of notesOf(n)) await this.#publish(n, number);
  }

  async #publishLate(): Promise<void> {
    const waiting = await this.#cluster.store.openWaits();
    await Promise.all(
      waiting.map(async ({ key, step }) => {
        const n = Number(key.slice(PREFIX.length));
        const [first = 0, second = 0] = notesOf(n);
        if (!hasEarlyNotes(n)) await this.#publish(n, step === "first note" ? first : second);
      }),
    );
  }

  /** Twice, as one does who does not know whether it has happened: under one id it is one event. */
  async #publish(n: number, number: number): Promise<void> {
    for (let time = 0; time < 2; time += 1) await this.#cluster.client.publishEvent(note, idOf(n), number, { id: `note-${number}` });
  }
}
