import { mayKeepConnection } from "./error-mapping.ts";

/** Somebody who hears a channel of its own, and what that takes of each connection. */
export interface SessionSubscriber {
  readonly channel: string;
  readonly onMessage: (payload: string) => void;
  /** It is heard again after the connection was lost: notifications may have been missed. */
  readonly onRestored: () => void;
  /** Statements that begin it. */
  readonly begin: readonly string[];
  /** Statements that end it, on a connection that goes on. */
  readonly end: readonly string[];
}

interface Wanted {
  isLive: boolean;
  readonly live: () => void;
  readonly refused: (error: unknown) => void;
}

/** Who subscribes, whatever becomes of the connections. */
export class SessionSubscriptions {
  readonly #wanted = new Map<SessionSubscriber, Wanted>();

  /** Resolves when a connection has begun with it. @throws what the server has refused it with; it is taken off then. */
  add(subscriber: SessionSubscriber): Promise<void> {
    return new Promise((live, refused) => void this.#wanted.set(subscriber, { isLive: false, live, refused }));
  }

  /** Idempotent. What waits for it to be live waits on. */
  remove(subscriber: SessionSubscriber): void {
    this.#wanted.delete(subscriber);
  }

  /** @param run - Runs a statement on a connection. @returns Brings that connection in line with who subscribes, see {@link Preparation}. */
  on(run: (text: string) => Promise<unknown>): Preparation {
    return new Preparation(this.#wanted, run);
  }
}

/** What one connection has begun for those who subscribe. */
export class Preparation {
  readonly #wanted: Map<SessionSubscriber, Wanted>;
  readonly #run: (text: string) => Promise<unknown>;
  readonly #begun = new Set<SessionSubscriber>();
  #isBusy = false;

  constructor(wanted: Map<SessionSubscriber, Wanted>, run: (text: string) => Promise<unknown>) {
    this.#wanted = wanted;
    this.#run = run;
  }

  /**
   * Begins what is wanted and ends what is not any more, also what comes and goes meanwhile; a call during another leaves it to that.
   *
   * @throws what is thrown when the connection is lost
   */
  async bring(): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      for (let next = this.#next(); next !== undefined; next = this.#next()) await next();
    } finally {
      this.#isBusy = false;
    }
  }

  #next(): (() => Promise<void>) | undefined {
    for (const subscriber of this.#begun) if (!this.#wanted.has(subscriber)) return () => this.#end(subscriber);
    for (const [subscriber, wanted] of this.#wanted) if (!this.#begun.has(subscriber)) return () => this.#begin(subscriber, wanted);
    return undefined;
  }

  async #begin(subscriber: SessionSubscriber, wanted: Wanted): Promise<void> {
    this.#begun.add(subscriber);
    try {
      for (const statement of subscriber.begin) await this.#run(statement);
      wanted.isLive = true;
      wanted.live();
    } catch (error) {
      // Others need the connection; what has begun is ended next. But who was heard before must not become deaf.
      if (wanted.isLive || !mayKeepConnection(error)) throw error;
      this.#wanted.delete(subscriber);
      wanted.refused(error);
    }
  }

  async #end(subscriber: SessionSubscriber): Promise<void> {
    this.#begun.delete(subscriber);
    for (const statement of subscriber.end) await this.#run(statement);
  }
}
