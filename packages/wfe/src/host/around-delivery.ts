import { CancelledError, type Clock, type DeliveredTopic, type DeliveryContext, type Onion, type Timer, TimeoutError } from "wfe-core";

/** Deliveries inside the middleware of a host. One that hangs keeps neither the deliveries behind it for ever, nor the end of the host. */
export class AroundDelivery {
  readonly #onion: Onion<DeliveryContext, readonly string[]>;
  readonly #clock: Clock;
  readonly #limitMs: number;
  #controller = new AbortController();
  #isCalledOff = false;

  /** @param limitMs - How long a delivery is waited for. */
  constructor(onion: Onion<DeliveryContext, readonly string[]>, clock: Clock, limitMs: number) {
    this.#onion = onion;
    this.#clock = clock;
    this.#limitMs = limitMs;
  }

  /** @throws whatever a middleware or the delivery throws before it is done; TimeoutError, CancelledError when it is left behind */
  run(topics: readonly DeliveredTopic[], deliver: () => Promise<readonly string[]>): Promise<readonly string[]> {
    const controller = new AbortController();
    this.#controller = controller;
    const { signal } = controller;
    if (this.#isCalledOff) this.callOff();
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason as Error);
      const timer: Timer = this.#clock.setTimer(this.#limitMs, () => controller.abort(new TimeoutError("the delivery of events", this.#limitMs)));
      signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
      const core = async (): Promise<readonly string[]> => {
        signal.throwIfAborted();
        return deliver();
      };
      this.#onion({ topics, signal }, core)
        .then(resolve, reject)
        .finally(() => timer.cancel());
    });
  }

  /** Waits no longer for the delivery that is under way, nor for others until {@link begin}: the host stops, and its time is up. */
  callOff(): void {
    this.#isCalledOff = true;
    this.#controller.abort(new CancelledError("shutdown"));
  }

  /** Deliveries may go on. */
  begin(): void {
    this.#isCalledOff = false;
  }
}
