import type { DistributedLockProvider, Measurement, Timer } from "wfe-core";
import { claimMs } from "./claim-time.ts";
import type { CommandConsumer } from "./command-consumer.ts";
import type { EventConsumer } from "./event-consumer.ts";
import { type HostServices, warn } from "./host-services.ts";
import { Look } from "./look.ts";
import { ScheduledPurge } from "./scheduled-purge.ts";
import type { WorkflowConsumer } from "./workflow-consumer.ts";

/** Instances claimed at a time by a host without room, whose hints are then for others, or for later. */
const CLAIMED_WITHOUT_ROOM = 100;
const EVENTS_PER_SWEEP = 500;
const ORPHANS_PER_LOOK = 1_000;
const RETENTION_EVERY_MS = 600_000;
const RETENTION_BATCH = 1_000;

/**
 * The net under everything that is only a hint: searches the store, now and then, for instances that are due, events that are undelivered, commands that are owed,
 * and leases whose owner is gone; and removes delivered events that nobody needs any more, and what the option `purge` says.
 */
export class Sweeper {
  readonly #services: HostServices;
  readonly #locks: DistributedLockProvider;
  readonly #workflows: WorkflowConsumer;
  readonly #events: EventConsumer;
  readonly #commands: CommandConsumer;
  readonly #purge: ScheduledPurge;
  readonly #looks: { readonly instances: Look; readonly events: Look };
  #awaitsRoom = false;
  #loops: { timer?: Timer; running: Promise<void> }[] = [];
  #stopped = true;

  constructor(services: HostServices, locks: DistributedLockProvider, workflows: WorkflowConsumer, events: EventConsumer, commands: CommandConsumer) {
    this.#services = services;
    this.#locks = locks;
    this.#workflows = workflows;
    this.#events = events;
    this.#commands = commands;
    this.#purge = new ScheduledPurge(services, locks);
    this.#looks = {
      instances: new Look(services, "due instances", () => this.#lookAtInstances()),
      events: new Look(services, "undelivered events", async () => (await this.#undeliveredEvents()) > 0),
    };
  }

  /** Sweeps once, then goes on by itself. Resolves after the first sweep. */
  async start(): Promise<void> {
    this.#stopped = false;
    this.#loops = [];
    this.#looks.instances.start();
    this.#looks.events.start();
    const { sweepIntervalMs, takeOverIntervalMs } = this.#services.options;
    const first = [this.#repeat(sweepIntervalMs, "the sweep", () => this.#sweep())];
    // Without the capability there is nothing to ask.
    if (this.#locks.orphans !== undefined) first.push(this.#repeat(takeOverIntervalMs, "the take-over of lost work", () => this.#takeOver()));
    void this.#repeat(Math.max(RETENTION_EVERY_MS, sweepIntervalMs), "the removal of old events", () => this.#forgetEvents());
    await Promise.all(first);
    this.#purge.start();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const { timer } of this.#loops) timer?.cancel();
    const looks = [this.#looks.instances.stop(), this.#looks.events.stop()];
    await Promise.all([...this.#loops.map(({ running }) => running), ...looks, this.#purge.stop()]);
  }

  /** Instances are due whose ids this host has not kept: claims them as far as there is room, and goes on when there is. Returns at once. */
  lookForInstances(): void {
    this.#looks.instances.soon();
  }

  /** Events are eligible that this host has not kept. Returns at once. */
  lookForEvents(): void {
    this.#looks.events.soon();
  }

  #repeat(intervalMs: number, what: string, work: () => Promise<void>): Promise<void> {
    const loop: { timer?: Timer; running: Promise<void> } = { running: Promise.resolve() };
    this.#loops.push(loop);
    const run = async (): Promise<void> => {
      try {
        await work();
      } catch (error) {
        warn(this.#services, `${what} has failed; it is tried again in ${intervalMs} ms`, error);
      }
      if (this.#stopped) return;
      loop.timer = this.#services.clock.setTimer(intervalMs, () => {
        loop.running = run();
      });
    };
    loop.running = run();
    return loop.running;
  }

  async #sweep(): Promise<void> {
    const instances = this.#dueInstances((count) => this.#found("dueInstances", count));
    const events = this.#undeliveredEvents((count) => this.#found("undeliveredEvents", count));
    await Promise.all([instances, events, this.#commands.process()]);
  }

  /** Without room nothing is claimed: a host that has some sweeps it before this one has. */
  async #lookAtInstances(): Promise<boolean> {
    let count = 0;
    const isLeft = this.#workflows.slots.free === 0 || (await this.#dueInstances((found) => (count += found)));
    if (isLeft) this.#lookOnceFree();
    return isLeft || count > 0;
  }

  #lookOnceFree(): void {
    if (this.#awaitsRoom) return;
    this.#awaitsRoom = true;
    void this.#workflows.slots.whenFree().then(() => {
      this.#awaitsRoom = false;
      this.#looks.instances.soon();
    });
  }

  /** @returns Whether more may be due than there was room for. */
  async #dueInstances(found: (count: number) => void): Promise<boolean> {
    const { persistence, registry, clock, options } = this.#services;
    for (;;) {
      const { free } = this.#workflows.slots;
      const limit = free === 0 ? CLAIMED_WITHOUT_ROOM : free;
      const definitions = registry.keys();
      if (definitions.length === 0 || this.#stopped) return false;
      const now = clock.now();
      const ids = await persistence.claimDueInstances(new Date(now), { definitions, limit, claimUntil: new Date(now + claimMs(options)) });
      found(ids.length);
      for (const id of ids) this.#workflows.dispatch(id);
      if (ids.length < limit) return false;
      if (this.#workflows.slots.free === 0) return true;
    }
  }

  /** @returns How many there were. */
  async #undeliveredEvents(found: (count: number) => void = () => {}): Promise<number> {
    const { persistence, clock, options } = this.#services;
    for (let count = 0; ; ) {
      const now = clock.now();
      const events = await persistence.getRunnableEvents(new Date(now), { limit: EVENTS_PER_SWEEP, claimUntil: new Date(now + claimMs(options)) });
      found(events.length);
      count += events.length;
      for (const event of events) this.#events.deliver(event);
      if (events.length < EVENTS_PER_SWEEP || this.#stopped) return count;
    }
  }

  async #takeOver(): Promise<void> {
    const ids = (await this.#locks.orphans?.(ORPHANS_PER_LOOK)) ?? [];
    this.#found("orphans", ids.length);
    for (const id of ids) this.#workflows.dispatch(id, { isOrphan: true });
  }

  #found(found: Extract<Measurement, { readonly kind: "swept" }>["found"], count: number): void {
    if (count > 0) this.#services.metrics?.record({ kind: "swept", found, count });
  }

  async #forgetEvents(): Promise<void> {
    const before = new Date(this.#services.clock.now() - this.#services.options.eventRetentionMs);
    while (!this.#stopped && (await this.#services.persistence.deleteDeliveredEvents(before, RETENTION_BATCH)) === RETENTION_BATCH);
  }
}
