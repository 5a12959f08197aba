import type { Clock } from "wfe-core";

/** What came of one request of a batch. */
export type Outcome<T> = { readonly value: T } | { readonly error: unknown };

/** What {@link Batches} work with. */
export interface BatchesOptions<TRequest, TResult> {
  readonly clock: Clock;
  /** Requests of one call at most. */
  readonly limit: number;
  /** Calls under way at most. */
  readonly concurrency: number;
  /** Requests of one key travel one after the other, in their order, never together. */
  readonly keyOf: (request: TRequest) => string;
  /** What a request counts of the limit. @default 1 */
  readonly sizeOf?: (request: TRequest) => number;
  /** Makes one call of requests. @returns An outcome for each. */
  readonly send: (requests: readonly TRequest[]) => Promise<readonly Outcome<TResult>[]>;
  /** Whether one request alone may be the reason that a call of several has failed: they are then sent one by one. */
  readonly mayBeOnes: (error: unknown) => boolean;
}

/** Characters of payloads in one call, about: what travels together has to fit into one text here, and into the memory of the server. */
const MOST_CHARACTERS = 2 ** 24;

/** What payloads of so many characters count of a limit of requests. */
export function sizeOfPayloads(limit: number, characters: number): number {
  return (characters * limit) / MOST_CHARACTERS;
}

interface Pending<TRequest, TResult> {
  readonly request: TRequest;
  readonly resolve: (value: TResult) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Requests that are wanted at the same moment travel in one call. The first goes with all that the event loop has at hand; those that come
 * while the calls are under way go together when one returns: nobody waits longer for company than for that.
 */
export class Batches<TRequest, TResult> {
  readonly #options: BatchesOptions<TRequest, TResult>;
  #pending: Pending<TRequest, TResult>[] = [];
  /** Keys of the requests under way. */
  readonly #underWay = new Set<string>();
  #calls = 0;
  #scheduled = false;

  constructor(options: BatchesOptions<TRequest, TResult>) {
    this.#options = options;
  }

  /**
   * Sends a request with the next call.
   *
   * @param options.isPatient - Whether it lets what others want at this moment go first, if need be with a call of its own after that. What comes
   * meanwhile takes it along. @default false
   * @throws What came of it.
   */
  request(request: TRequest, { isPatient = false }: { readonly isPatient?: boolean } = {}): Promise<TResult> {
    return new Promise((resolve, reject) => {
      this.#pending.push({ request, resolve, reject });
      if (isPatient) this.#options.clock.defer(() => this.#schedule());
      else this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#scheduled || this.#pending.length === 0 || this.#calls >= this.#options.concurrency) return;
    this.#scheduled = true;
    this.#options.clock.defer(() => {
      this.#scheduled = false;
      const batch = this.#cut();
      if (batch.length === 0) return; // all of them wait for one of their key; its return schedules again
      void this.#call(batch);
      this.#schedule();
    });
  }

  /** The next requests, in order, whose keys are free. */
  #cut(): readonly Pending<TRequest, TResult>[] {
    const { limit, keyOf, sizeOf } = this.#options;
    const batch: Pending<TRequest, TResult>[] = [];
    let rest: Pending<TRequest, TResult>[] = [];
    // A key that waits holds back what comes after it.
    const held = new Set<string>();
    let size = 0;
    for (const [index, pending] of this.#pending.entries()) {
      if (size >= limit) {
        rest = rest.concat(this.#pending.slice(index)); // any number of them, which arguments of a call cannot be
        break;
      }
      const key = keyOf(pending.request);
      const next = size + (sizeOf?.(pending.request) ?? 1);
      if (this.#underWay.has(key) || held.has(key) || (batch.length > 0 && next > limit)) {
        held.add(key);
        rest.push(pending);
      } else {
        this.#underWay.add(key);
        size = next;
        batch.push(pending);
      }
    }
    this.#pending = rest;
    return batch;
  }

  async #call(batch: readonly Pending<TRequest, TResult>[]): Promise<void> {
    this.#calls += 1;
    const outcomes = await this.#outcomes(batch.map(({ request }) => request));
    this.#calls -= 1;
    batch.forEach(({ request, resolve, reject }, index) => {
      this.#underWay.delete(this.#options.keyOf(request));
      const outcome = outcomes[index] as Outcome<TResult>; // one for each of the batch
      if ("value" in outcome) resolve(outcome.value);
      else reject(outcome.error);
    });
    this.#schedule();
  }

  async #outcomes(requests: readonly TRequest[]): Promise<readonly Outcome<TResult>[]> {
    const { send, mayBeOnes } = this.#options;
    try {
      return await send(requests);
    } catch (error) {
      if (requests.length === 1 || !mayBeOnes(error)) return requests.map(() => ({ error }));
    }
    const outcomes: Outcome<TResult>[] = [];
    for (const request of requests) {
      try {
        outcomes.push(...(await send([request])));
      } catch (error) {
        outcomes.push({ error });
        // The rest would fail like it, each after the time that this one took.
        if (!mayBeOnes(error)) return requests.map((_, index) => outcomes[index] ?? { error });
      }
    }
    return outcomes;
  }
}
