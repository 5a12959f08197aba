import { Pauses } from "wfe-core";
import { type HostServices, warn } from "./host-services.ts";

const LONGEST_PAUSE_MS = 50;

/** A look into the store, between two sweeps: one at a time, and another one when it was wanted meanwhile. */
export class Look {
  readonly #services: HostServices;
  readonly #what: string;
  readonly #look: () => Promise<boolean>;
  readonly #pauses: Pauses;
  /** Of the last look, behind it. */
  #pauseMs = 0;
  #isWanted = false;
  #isStopped = false;
  #running: Promise<void> | undefined;

  /**
   * @param what - What is looked for.
   * @param look - Says whether it has found something: looks in vain make growing pauses, as there are more instants at which something was to be due
   * than something is then.
   */
  constructor(services: HostServices, what: string, look: () => Promise<boolean>) {
    this.#services = services;
    this.#what = what;
    this.#look = look;
    this.#pauses = new Pauses(services);
  }

  /** Looks as soon as possible, unless it is stopped. Returns at once; if it fails, the sweep finds what there is. */
  soon(): void {
    if (this.#isStopped) return;
    this.#isWanted = true;
    this.#running ??= this.#rounds();
  }

  start(): void {
    this.#isStopped = false;
  }

  /** Looks no more; resolves when the look under way has ended. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#pauses.end();
    await this.#running;
  }

  async #rounds(): Promise<void> {
    while (this.#isWanted && !this.#isStopped) {
      this.#isWanted = false;
      const hasFound = await this.#look().catch((error: unknown) => {
        warn(this.#services, `the look for ${this.#what} has failed; the sweep finds them`, error);
        return false;
      });
      this.#pauseMs = hasFound ? 0 : Math.min(LONGEST_PAUSE_MS, Math.max(1, 2 * this.#pauseMs));
      if (!hasFound && !this.#isStopped) await this.#pauses.wait(this.#pauseMs);
    }
    this.#running = undefined;
  }
}
