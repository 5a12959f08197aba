import { isWfeError, type WorkflowClient } from "wfe-core";
import type { SeededScheduler } from "./seeded-scheduler.ts";
import type { SimulatedHost } from "./simulated-host.ts";
import type { SimulatedProcess } from "./simulated-process.ts";

const AGAIN_MS = 250;

/** How an errand has ended. */
export type ErrandEnd = { readonly value: unknown } | { readonly error: unknown };

/** Calls from outside: each goes to a host that lives, and to another one while none has answered. */
export class Errands {
  readonly #scheduler: SeededScheduler;
  readonly #outside: SimulatedProcess;
  readonly #choose: () => SimulatedHost | undefined;
  #open = 0;

  /**
   * @param outside - Whose timers it uses.
   * @param choose - A host that is up.
   */
  constructor(scheduler: SeededScheduler, outside: SimulatedProcess, choose: () => SimulatedHost | undefined) {
    this.#scheduler = scheduler;
    this.#outside = outside;
    this.#choose = choose;
  }

  /** How many have no answer yet. */
  get open(): number {
    return this.#open;
  }

  /** Sees to it that a call is answered. */
  run(name: string, act: (client: WorkflowClient) => Promise<unknown>, ended: (end: ErrandEnd) => void): void {
    this.#open += 1;
    this.#attempt(name, act, (end) => {
      this.#open -= 1;
      ended(end);
    });
  }

  #attempt(name: string, act: (client: WorkflowClient) => Promise<unknown>, ended: (end: ErrandEnd) => void): void {
    const host = this.#choose();
    const again = (): void => void this.#scheduler.setTimer(this.#outside, AGAIN_MS, () => this.#attempt(name, act, ended), `repeats ${name}`);
    if (host === undefined) return again();
    this.#scheduler.note(`outside: ${name} on ${host.process.name}`);
    const forget = host.onLoss(again);
    const answered = (end: ErrandEnd): void => {
      forget();
      if (!host.process.isGone) ended(end);
    };
    act(host.host).then(
      (value) => answered({ value }),
      (error: unknown) => {
        if (!isPassing(error)) return answered({ error });
        forget();
        this.#scheduler.note(`outside: ${name} has failed: ${String(error)}`);
        again();
      },
    );
  }
}

/** Whether the same call may be answered another time, or elsewhere. */
function isPassing(error: unknown): boolean {
  return isWfeError(error) && (error.retryable || error.code === "WFE_HOST_NOT_RUNNING" || error.code === "WFE_PROVIDER_NOT_RUNNING");
}
