import type { Duration, HttpClient, LifecyclePublisher, PersistenceProvider, QueueProvider, QueueType, WorkItem } from "wfe-core";
import type { Fault } from "./fault-plan.ts";
import type { CallKind, PortCalls } from "./port-calls.ts";
import type { HintLedger } from "./hint-ledger.ts";
import type { SeededScheduler } from "./seeded-scheduler.ts";
import type { SimulatedProcess } from "./simulated-process.ts";

const ERRORS = ["errorBefore", "errorAfter"] as const;
const QUEUE: CallKind = { port: "queue", method: "queueWork", faults: [...ERRORS, "lostHint", "duplicatedHint", "delayedHint"], isRare: true };
const DEQUEUE: CallKind = { port: "queue", method: "dequeueWork", faults: ERRORS };
const ACK: CallKind = { port: "queue", method: "ack", faults: ERRORS };
const RETRY: CallKind = { port: "queue", method: "retry", faults: ERRORS };
const LONGEST_DELAY_MS = 5_000;

/** What is told of calls. */
export interface CallWatch {
  /** A call was made. */
  readonly asked?: (method: string, args: readonly unknown[]) => void;
  /** It is over, whatever the answer. @param error - What its caller has heard in place of one. */
  readonly ended?: (method: string, args: readonly unknown[], error?: unknown) => void;
  /** Its answer has come to its caller, and is no error. */
  readonly answered?: (method: string, args: readonly unknown[]) => void;
}

/** A provider at the other end of the network: each of its methods becomes a call. */
export function throughNetwork<T extends PersistenceProvider | LifecyclePublisher>(
  provider: T,
  port: "persistence" | "publisher",
  process: SimulatedProcess,
  calls: PortCalls,
  { asked, ended, answered }: CallWatch = {},
): T {
  const kinds = new Map<PropertyKey, CallKind>();
  const kindOf = (method: string): CallKind => {
    // The state of a provider is the host's own matter: a start does not fail on the way.
    const known = kinds.get(method) ?? { port, method, faults: ["start", "stop", "ensureStoreExists"].includes(method) ? [] : ERRORS };
    kinds.set(method, known);
    return known;
  };
  return new Proxy(provider, {
    get: (target, property) => {
      const member: unknown = Reflect.get(target, property, target);
      if (typeof member !== "function" || typeof property !== "string") return member;
      const method = member.bind(target) as (...args: unknown[]) => Promise<unknown>;
      return async (...args: unknown[]) => {
        asked?.(property, args);
        const answer = await calls
          .call(process, kindOf(property), () => method(...args))
          .catch((error: unknown) => {
            ended?.(property, args, error);
            throw error;
          });
        ended?.(property, args);
        answered?.(property, args);
        return answer;
      };
    },
  });
}

/** The queue of one host: hints may be lost, doubled or late on their way. */
export class SimulatedQueue implements QueueProvider {
  readonly #queue: QueueProvider;
  readonly #process: SimulatedProcess;
  readonly #calls: PortCalls;
  readonly #hints: HintLedger;
  readonly #detail: (limit: number, fault: Fault) => number;
  readonly #later: (delayMs: number, run: () => void) => void;

  /**
   * @param detail - A number below a limit that belongs to a fault.
   * @param later - Does something at the server after a time.
   */
  constructor(
    queue: QueueProvider,
    process: SimulatedProcess,
    calls: PortCalls,
    hints: HintLedger,
    detail: (limit: number, fault: Fault) => number,
    later: (delayMs: number, run: () => void) => void,
  ) {
    this.#queue = queue;
    this.#process = process;
    this.#calls = calls;
    this.#hints = hints;
    this.#detail = detail;
    this.#later = later;
  }

  start(): Promise<void> {
    return this.#calls.call(this.#process, { port: "queue", method: "start", faults: [] }, async () => undefined);
  }

  stop(): Promise<void> {
    return this.#calls.call(this.#process, { port: "queue", method: "stop", faults: [] }, async () => undefined);
  }

  queueWork(id: string, type: QueueType, options: { readonly delay?: Duration } = {}): Promise<void> {
    if (type === "workflow") this.#hints.put(this.#process, id);
    return this.#calls.call(this.#process, QUEUE, async (fault) => {
      if (fault?.kind === "lostHint") return;
      const delay = fault?.kind === "delayedHint" ? this.#detail(LONGEST_DELAY_MS, fault) : options.delay;
      await this.#queue.queueWork(id, type, delay === undefined ? {} : { delay });
      if (fault?.kind === "duplicatedHint") this.#later(this.#detail(LONGEST_DELAY_MS, fault), () => void this.#queue.queueWork(id, type));
    });
  }

  async dequeueWork(
    type: QueueType,
    options: { readonly limit: number; readonly wait: Duration; readonly signal?: AbortSignal },
  ): Promise<readonly WorkItem[]> {
    const items = await this.#calls.call(this.#process, DEQUEUE, () => this.#whileConnected(options, type));
    return items.map((item) => ({
      id: item.id,
      ack: async () => {
        const acked = type === "workflow" ? this.#hints.acked(this.#process, item.id) : undefined;
        await this.#calls.call(this.#process, ACK, () => item.ack()).finally(acked);
      },
      retry: (delay) => this.#calls.call(this.#process, RETRY, () => item.retry(delay)),
    }));
  }

  /** A wait that ends with the process that waits, too. */
  async #whileConnected(
    options: { readonly limit: number; readonly wait: Duration; readonly signal?: AbortSignal },
    type: QueueType,
  ): Promise<readonly WorkItem[]> {
    const wait = new AbortController();
    const end = (): void => wait.abort();
    const sources = [this.#process.connections.signal, ...(options.signal === undefined ? [] : [options.signal])];
    for (const source of sources) {
      if (source.aborted) end();
      else source.addEventListener("abort", end);
    }
    const items = await this.#queue.dequeueWork(type, { ...options, signal: wait.signal });
    for (const source of sources) source.removeEventListener("abort", end);
    return items;
  }
}

/** A publisher whose listeners hear when the seed says so, and only while their process lives. */
export function simulatedPublisher(
  publisher: LifecyclePublisher,
  process: SimulatedProcess,
  calls: PortCalls,
  scheduler: SeededScheduler,
): LifecyclePublisher {
  const listening: LifecyclePublisher = {
    start: () => publisher.start(),
    stop: () => publisher.stop(),
    publish: (event) => publisher.publish(event),
    // In the order of the event loop: events of one instance come in order.
    subscribe: (listener) => publisher.subscribe((event) => scheduler.defer(process, () => listener(event))),
  };
  return throughNetwork(listening, "publisher", process, calls);
}

/** Requests of polls: they take their time, and fail only if the program says so. */
export function simulatedHttp(http: HttpClient, process: SimulatedProcess, calls: PortCalls): HttpClient {
  return (url, request) => calls.call(process, { port: "http", method: "fetch", faults: [] }, () => http(url, request));
}
