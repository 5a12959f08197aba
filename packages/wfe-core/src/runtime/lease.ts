import { LockError } from "../errors/store-errors.ts";
import type { Clock, Timer } from "../traits/clock.ts";
import type { Lease } from "../traits/lock-provider.ts";
import { LateSignal } from "./late-signal.ts";

/** What a lock provider hands over to make a {@link Lease}. */
export interface LeaseRequest {
  readonly resource: string;
  /** Random, new for each acquisition. */
  readonly token: string;
  readonly ttlMs: number;
  readonly clock: Clock;
  /** `clock.monotonic()` from before the request was sent: the store counts from later, so the holder ends first. */
  readonly requestedAt: number;
  /** Makes the store's lease of this token last a whole ttl from now. @returns Whether it was unexpired and this token's. */
  readonly extend: () => Promise<boolean>;
  /** Removes the store's lease of this token. @returns Whether it was unexpired and this token's. */
  readonly release: () => Promise<boolean>;
}

/** Made once: most leases end like this, and an error of its own for each, with its stack, would cost as much as the rest of a release. */
const RELEASED = new LockError("the lease was released");

/**
 * The holder's side of a lease, the same for every lock provider: the provider brings the two requests to its store, this counts the time
 * on the holder's own monotonic clock. Costs one timer of the clock, and an `AbortController` only when somebody reads `signal`.
 */
export function createLease(request: LeaseRequest): Lease {
  return new CountedLease(request);
}

/** Whether a lease has ended, as its `signal` says, for which no controller is made where {@link createLease} has made the lease. */
export function leaseHasEnded(lease: Lease): boolean {
  return CountedLease.is(lease) ? lease.hasEnded : lease.signal.aborted;
}

/**
 * Hears of the end of a lease, once, as by its `signal`, for which no controller is made where {@link createLease} has made the lease.
 *
 * @param listener - Never throws.
 * @returns Ends the hearing; to be called when nobody wants to know any more.
 */
export function onLeaseEnd(lease: Lease, listener: () => void): () => void {
  if (CountedLease.is(lease)) return lease.onEnd(listener);
  lease.signal.addEventListener("abort", listener, { once: true });
  return () => lease.signal.removeEventListener("abort", listener);
}

class CountedLease implements Lease {
  readonly #request: LeaseRequest;
  #endsAt: number;
  #expiresAt: Date;
  #timer: Timer | undefined;
  readonly #signal = new LateSignal();
  #listeners: readonly (() => void)[] = [];
  /** Why it is not held any more. */
  #ended: string | undefined;
  /** A release the store did not answer: asking again is right, the store may still hold the lease. */
  #releaseUnanswered = false;

  /** Not so of a proxy of one, which has the prototype, but not what only this class can see. */
  static is(lease: Lease): lease is CountedLease {
    return #request in lease;
  }

  constructor(request: LeaseRequest) {
    this.#request = request;
    this.#endsAt = request.requestedAt + request.ttlMs;
    this.#expiresAt = this.#wallEnd();
    this.#count();
  }

  get resource(): string {
    return this.#request.resource;
  }

  get token(): string {
    return this.#request.token;
  }

  get expiresAt(): Date {
    return this.#expiresAt;
  }

  get signal(): AbortSignal {
    this.#look();
    return this.#signal.signal;
  }

  get hasEnded(): boolean {
    this.#look();
    return this.#ended !== undefined;
  }

  onEnd(listener: () => void): () => void {
    this.#listeners = [...this.#listeners, listener];
    return () => (this.#listeners = this.#listeners.filter((other) => other !== listener));
  }

  async extend(): Promise<boolean> {
    this.#look();
    if (this.#ended !== undefined) return false;
    const requestedAt = this.#request.clock.monotonic();
    const held = await this.#request.extend();
    if (!held) this.#end("was lost");
    else this.#look();
    if (this.#ended !== undefined) {
      if (held) await this.#giveBackUnseen();
      return false;
    }
    // Answers may overtake each other; a later end that is known does not move back.
    this.#endsAt = Math.max(this.#endsAt, requestedAt + this.#request.ttlMs);
    this.#expiresAt = this.#wallEnd();
    return true;
  }

  async release(): Promise<boolean> {
    this.#look();
    if (this.#ended !== undefined && !this.#releaseUnanswered) return false;
    this.#end("was released", RELEASED);
    this.#releaseUnanswered = true;
    const held = await this.#request.release();
    this.#releaseUnanswered = false;
    return held;
  }

  /** The store has extended a lease that ended on this side while the answer was under way; nobody holds it. */
  async #giveBackUnseen(): Promise<void> {
    try {
      await this.#request.release();
    } catch {
      // Only a courtesy to the next holder: without it the lease ends with its ttl.
    }
  }

  #wallEnd(): Date {
    const { clock } = this.#request;
    return new Date(Math.floor(clock.now() + this.#endsAt - clock.monotonic()));
  }

  /** The timer is late after a freeze of the process; whoever asks must not be told that the lease is held. */
  #look(): void {
    if (this.#ended === undefined && this.#request.clock.monotonic() >= this.#endsAt) this.#end("is over");
  }

  #count(): void {
    const remaining = this.#endsAt - this.#request.clock.monotonic();
    if (remaining <= 0) return this.#end("is over");
    // An extension does not touch the timer: it finds the later end when it fires, and counts the rest.
    this.#timer = this.#request.clock.setTimer(Math.ceil(remaining), () => this.#count());
  }

  #end(why: string, reason?: LockError): void {
    if (this.#ended !== undefined) return;
    this.#ended = why;
    this.#timer?.cancel();
    this.#timer = undefined;
    for (const listener of this.#listeners) listener();
    this.#signal.abort(() => reason ?? new LockError(`the lease on ${JSON.stringify(this.#request.resource)} ${why}`));
  }
}
