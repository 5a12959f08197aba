import { type Clock, type Timer, WfeError } from "wfe-core";
import type { ResolvedHostOptions } from "./host-options.ts";
import { FIRST_POLL_MS } from "./poll-intervals.ts";

/** A worker that waits for an offer. */
export interface OfferWait {
  /** Resolves when it is worth asking again; to `false` when the time is up. @throws WfeError `WFE_HOST_NOT_RUNNING` when the process stops. */
  next(): Promise<boolean>;
  end(): void;
}

/** Wakes workers that wait for an activity: at once for what this process offers, for others by asking each 20 ms at first and each second in the end. */
export class OfferWaits {
  readonly #clock: Clock;
  readonly #longestPollMs: number;
  readonly #wakes = new Map<string, Set<(stopped: boolean) => void>>();

  constructor(clock: Clock, { longestPollMs }: Pick<ResolvedHostOptions, "longestPollMs">) {
    this.#clock = clock;
    this.#longestPollMs = longestPollMs;
  }

  /** @param limitMs - How long it is worth waiting. */
  begin(activity: string, limitMs: number): OfferWait {
    const endMs = this.#clock.monotonic() + limitMs;
    let pollMs = FIRST_POLL_MS;
    let timer: Timer | undefined;
    let wakeUp: () => void = () => {};
    let isOffered = false;
    let isStopped = false;
    const wake = (stopped: boolean): void => {
      isOffered = true;
      isStopped ||= stopped;
      wakeUp();
    };
    const wakes = this.#wakes.get(activity) ?? new Set();
    this.#wakes.set(activity, wakes.add(wake));
    return {
      next: async () => {
        const leftMs = endMs - this.#clock.monotonic();
        if (leftMs <= 0) return false;
        if (!isOffered) {
          await new Promise<void>((resolve) => {
            wakeUp = resolve;
            timer = this.#clock.setTimer(Math.min(pollMs, leftMs), resolve);
          });
          timer?.cancel();
        }
        if (isStopped) throw new WfeError("WFE_HOST_NOT_RUNNING", "the host was stopped while an activity was awaited");
        isOffered = false;
        pollMs = Math.min(2 * pollMs, this.#longestPollMs);
        return true;
      },
      end: () => {
        timer?.cancel();
        wakes.delete(wake);
        if (wakes.size === 0 && this.#wakes.get(activity) === wakes) this.#wakes.delete(activity);
      },
    };
  }

  offered(activity: string): void {
    for (const wake of this.#wakes.get(activity) ?? []) wake(false);
  }

  /** The process stops: nobody would wake those who wait. */
  stop(): void {
    for (const wakes of this.#wakes.values()) for (const wake of wakes) wake(true);
  }
}
