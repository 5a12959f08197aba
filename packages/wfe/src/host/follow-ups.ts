import type { PassEnd } from "wfe-core";
import { GrowingDelays } from "./growing-delays.ts";
import { type HostServices, warn } from "./host-services.ts";
import { UnknownDefinitions } from "./unknown-definitions.ts";

/** When an instance is looked at again after a pass here, and by whom. */
export class FollowUps {
  /** Instances that are left to others. */
  readonly unknownDefinitions: UnknownDefinitions;
  readonly #services: HostServices;
  readonly #schedule: (id: string, dueAt: Date) => void;
  readonly #unknownHere = new GrowingDelays(100, 30_000);
  readonly #failing = new GrowingDelays(100, 30_000);

  /** @param schedule - Looks at an instance here at a time. */
  constructor(services: HostServices, schedule: (id: string, dueAt: Date) => void) {
    this.#services = services;
    this.#schedule = schedule;
    this.unknownDefinitions = new UnknownDefinitions(services);
  }

  /** Sees to what follows a pass. */
  after(id: string, end: PassEnd): void {
    if (end.kind !== "failed") this.#failing.forget(id);
    if (end.kind !== "unknownDefinition") {
      this.#unknownHere.forget(id);
      this.unknownDefinitions.known(id);
    }
    switch (end.kind) {
      case "idle":
        if (end.dueAt !== undefined) this.#schedule(id, end.dueAt);
        return;
      case "yielded":
        this.hint(id, 0);
        return;
      case "unknownDefinition":
        this.unknownDefinitions.saw(end);
        this.hint(id, this.#unknownHere.next(id)); // another host may know it
        return;
      case "failed": {
        const delayMs = this.#failing.next(id);
        warn(this.#services, `the pass of the workflow ${id} has failed; it is tried again in ${delayMs} ms`, end.error);
        this.hint(id, delayMs);
        return;
      }
      case "lost":
      case "missing":
        return;
    }
  }

  /** Says to whoever takes it, this host or another, to look at an instance. Returns at once. */
  hint(id: string, delayMs: number): void {
    this.#services.queue.queueWork(id, "workflow", { delay: delayMs }).catch((error: unknown) => {
      warn(this.#services, `a hint for the workflow ${id} could not be queued; the sweep finds it`, error);
    });
  }
}
