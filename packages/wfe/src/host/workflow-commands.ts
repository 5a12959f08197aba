import {
  completedEvent,
  decodedError,
  type EventRow,
  instanceEvent,
  isWfeError,
  type LifecycleEvent,
  retriedPointers,
  WorkflowNotFoundError,
  type WorkflowRow,
} from "wfe-core";
import { type HostServices, warn } from "./host-services.ts";
import type { InstanceLookup } from "./instance-lookup.ts";

/** What follows a command in its own process. */
export interface CommandEffects {
  /** An instance was changed from outside: look at it. */
  changed(workflowId: string): void;
  /** An event was stored: deliver it. */
  published(event: EventRow): void;
  /** Commands to other instances were stored: carry them out. */
  commanded(): void;
  lifecycle(event: LifecycleEvent): void;
  /** An instance was suspended or terminated: as it is now. */
  ended(row: WorkflowRow): void;
}

/** Moves instances from outside: each command is one atomic step of the store, without the lease. */
export class WorkflowCommands {
  readonly #services: HostServices;
  readonly #lookup: InstanceLookup;
  readonly #effects: CommandEffects;

  constructor(services: HostServices, lookup: InstanceLookup, effects: CommandEffects) {
    this.#services = services;
    this.#lookup = lookup;
    this.#effects = effects;
  }

  /** @returns Whether it was runnable. @throws WorkflowNotFoundError */
  async suspend(idOrName: string): Promise<boolean> {
    const row = await this.#lookup.row(idOrName);
    return this.#done(row, "suspended", await this.#services.persistence.command(row.id, "suspend", this.#now()));
  }

  /** @returns Whether it was suspended. @throws WorkflowNotFoundError */
  async resume(idOrName: string): Promise<boolean> {
    const row = await this.#lookup.row(idOrName);
    return this.#done(row, "resumed", await this.#services.persistence.command(row.id, "resume", this.#now()));
  }

  /** @returns Whether it was not over yet. @throws WorkflowNotFoundError */
  async terminate(idOrName: string): Promise<boolean> {
    const row = await this.#lookup.row(idOrName);
    const event = this.#terminatedEvent(row);
    const now = this.#now();
    if (!this.#done(row, "terminated", await this.#services.persistence.command(row.id, "terminate", now, { completedEvent: event }))) return false;
    this.#effects.published({ ...event, time: now });
    this.#effects.commanded();
    return true;
  }

  /** @returns Whether there was something to run again. @throws WorkflowNotFoundError */
  async retry(idOrName: string): Promise<boolean> {
    const { id } = await this.#lookup.row(idOrName);
    for (;;) {
      const record = await this.#lookup.record(id);
      const pointers = retriedPointers(record, this.#services.payloads);
      if (pointers === undefined) return false;
      try {
        const { revision, status: from } = record;
        const answer = await this.#services.persistence.command(id, "retry", this.#now(), { pointers, revision, from });
        // Another command has come first: what it has left is looked at anew.
        if (answer === false) continue;
        return this.#done(record, "resumed", answer);
      } catch (error) {
        // A pass has committed what it had finished meanwhile.
        if (!isWfeError(error, "WFE_COMMIT_CONFLICT")) throw error;
      }
    }
  }

  #now(): Date {
    return new Date(this.#services.clock.now());
  }

  #done(row: WorkflowRow, became: "suspended" | "resumed" | "terminated", answer: boolean | undefined): boolean {
    if (answer === undefined) throw new WorkflowNotFoundError(row.id);
    if (!answer) return false;
    const now = this.#now();
    this.#effects.lifecycle(instanceEvent(became, row, now));
    if (became !== "resumed") this.#effects.ended({ ...row, status: became, ...(became === "terminated" ? { completedAt: now } : {}) });
    this.#effects.changed(row.id);
    return true;
  }

  /**
   * Carries the data of the last commit: what a pass has not committed yet is lost with the termination. None where it cannot be decoded: an
   * instance whose codec or key is gone has to be terminable all the same.
   */
  #terminatedEvent(row: WorkflowRow): Omit<EventRow, "time"> {
    const { payloads } = this.#services;
    try {
      const error = decodedError(row, payloads);
      const end = { status: "terminated", data: payloads.decode(row.data, "the data"), ...(error === undefined ? {} : { error }) } as const;
      return completedEvent(row, end, payloads);
    } catch (error) {
      warn(this.#services, `the workflow ${row.id} is terminated without telling its data`, error);
      return completedEvent(row, { status: "terminated" }, payloads);
    }
  }
}
