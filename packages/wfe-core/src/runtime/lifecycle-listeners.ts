import type { LifecycleEvent } from "../models/lifecycle-event.ts";

/** What a publisher has heard from another, or from itself. */
export interface LifecycleMessage {
  /** Of the publisher that has sent it, from its start to its stop. */
  readonly from: string;
  /** 1 for its first. A message that is sent again, because its answer was lost, has the same. */
  readonly sequence: number;
  readonly events: readonly LifecycleEvent[];
}

/** Publishers whose last sequence is remembered, at most; those that were heard of last. */
const MOST_PUBLISHERS = 10_000;

interface Entry {
  readonly listener: (event: LifecycleEvent) => void;
  readonly onGap: (() => void) | undefined;
}

/** For publishers over a network: who listens here, and which messages they have heard. */
export class LifecycleListeners {
  readonly #onError: (error: unknown) => void;
  /** In order of subscription. */
  readonly #entries = new Set<Entry>();
  /** The last sequence of each publisher. */
  readonly #heard = new Map<string, number>();

  /** @param onError - Given what a listener throws. @default a warning of the process */
  constructor(onError?: (error: unknown) => void) {
    this.#onError = onError ?? ((error) => process.emitWarning(error instanceof Error ? error : `a lifecycle listener threw ${String(error)}`));
  }

  /** Tells of what a listener has thrown, or of what came that is no message. */
  report(error: unknown): void {
    this.#onError(error);
  }

  /** How many listen. */
  get size(): number {
    return this.#entries.size;
  }

  /** @returns Takes it off again; idempotent. */
  add(listener: (event: LifecycleEvent) => void, onGap?: () => void): () => void {
    const entry: Entry = { listener, onGap };
    this.#entries.add(entry);
    return () => {
      // What is sent while nobody listens is not missed.
      if (this.#entries.delete(entry) && this.#entries.size === 0) this.#heard.clear();
    };
  }

  /** Takes all off. */
  clear(): void {
    this.#entries.clear();
    this.#heard.clear();
  }

  /** Delivers a message to everybody who listens, unless it was heard before; tells of a gap before it when those between were not heard. */
  hear({ from, sequence, events }: LifecycleMessage): void {
    const last = this.#heard.get(from);
    if (last !== undefined && sequence <= last) return;
    this.#heard.delete(from); // to the end of the order
    this.#heard.set(from, sequence);
    if (this.#heard.size > MOST_PUBLISHERS) this.#heard.delete(this.#heard.keys().next().value as string); // there is one
    if (last !== undefined && sequence > last + 1) this.missed();
    for (const event of events) this.#each(({ listener }) => listener(event));
  }

  /** Tells everybody that events may have been missed. */
  missed(): void {
    this.#each(({ onGap }) => onGap?.());
  }

  #each(tell: (entry: Entry) => void): void {
    for (const entry of [...this.#entries]) {
      if (!this.#entries.has(entry)) continue; // taken off by a listener before it
      try {
        tell(entry);
      } catch (error) {
        this.#onError(error);
      }
    }
  }
}
