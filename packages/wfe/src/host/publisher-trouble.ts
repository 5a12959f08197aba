import { type HostServices, warn } from "./host-services.ts";

/** A trouble is over when nothing has failed for so long: a publisher that loses every second event would fill the log otherwise. */
const CALM_MS = 1_000;

/** Tells of a publisher of lifecycle events that fails: once when it begins, and once, with what was lost, when it is over. */
export class PublisherTrouble {
  readonly #services: Pick<HostServices, "log" | "clock">;
  /** Events lost since it began; 0 while there is no trouble. */
  #lost = 0;
  #lastAt = 0;

  constructor(services: Pick<HostServices, "log" | "clock">) {
    this.#services = services;
  }

  /** An event is lost. @param what - Why, as a sentence. */
  lost(what: string, error?: unknown): void {
    this.#lost += 1;
    this.#lastAt = this.#services.clock.monotonic();
    if (this.#lost === 1) warn(this.#services, `${what}; what is lost from now on is counted`, error);
  }

  /** An event is published. */
  published(): void {
    if (this.#lost > 0 && this.#services.clock.monotonic() - this.#lastAt >= CALM_MS) this.#end("are published again");
  }

  /** The host stops. */
  stopped(): void {
    if (this.#lost > 0) this.#end("end with the host");
  }

  #end(what: string): void {
    warn(this.#services, `lifecycle events ${what}: ${this.#lost} were lost`);
    this.#lost = 0;
  }
}
