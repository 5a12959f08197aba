import type { Errands } from "./errands.ts";
import { type Fault, WORLD_FAULTS } from "./fault-plan.ts";
import type { SimulatedHost } from "./simulated-host.ts";
import type { Stimulus } from "./simulated-program.ts";
import type { SimulatedWorld } from "./simulated-world.ts";

const LONGEST_PAUSE_MS = 12_000;
const LONGEST_SUSPENSION_MS = 4_000;
const LONGEST_STOP_MS = 2_000;
const STORM_SIZE = 6;

/** Faults that come at any time: to hosts, leases and instances. */
export class WorldFaults {
  readonly #world: SimulatedWorld;
  readonly #errands: Errands;
  readonly #stimuli: readonly Stimulus[];
  readonly #frozen = new Set<SimulatedHost>();
  /** Instances that faults have suspended. */
  readonly #suspended = new Set<string>();
  #unfinished = 0;
  /** Stimuli that have been said once at least. */
  readonly said: Set<Stimulus> = new Set();

  constructor(world: SimulatedWorld, errands: Errands) {
    this.#world = world;
    this.#errands = errands;
    this.#stimuli = world.program.stimuli;
  }

  /** Faults that have a second half to come. */
  get unfinished(): number {
    return this.#unfinished;
  }

  /** One occasion for a fault. */
  occasion(): void {
    const { faults, scheduler } = this.#world;
    const fault = faults.draw(WORLD_FAULTS, "worldRate", scheduler.nowMs, "the world");
    if (fault === undefined) return;
    const what = this.#befall(fault);
    if (what === undefined) faults.withdraw(fault);
    else scheduler.note(`fault ${fault.index}: ${fault.kind} of ${what}`);
  }

  /** Wakes all that is frozen, and lets all clocks be right from now on. */
  end(): void {
    for (const host of this.#frozen) this.#thaw(host);
    for (const { clock } of this.#world.hosts) clock.skewMs = 0;
    this.#lookAfterSuspended();
  }

  /** A suspension by a host that is gone may have been so long on its way that it has come behind the resumption. */
  #lookAfterSuspended(): void {
    const { scheduler, outside } = this.#world;
    for (const id of this.#suspended) this.#resume(id, () => undefined);
    scheduler.setTimer(outside, LONGEST_SUSPENSION_MS, () => this.#lookAfterSuspended(), "looks after what was suspended");
  }

  /** Resumes what a command has suspended: what a failure has suspended is for the program to look after. */
  #resume(id: string, then: () => void): void {
    const isSuspended = (): boolean => this.#world.observer.isSuspendedByCommand(id);
    if (!isSuspended()) return then();
    this.#errands.run(`resume ${id}`, (client) => (isSuspended() ? client.resumeWorkflow(id) : Promise.resolve(false)), then);
  }

  /** @returns What it has befallen; `undefined` when there was nothing. */
  #befall(fault: Fault): string | undefined {
    switch (fault.kind) {
      case "crash":
        return this.#withHost(fault, ({ process }) => this.#world.crash(process));
      case "restart":
        return this.#restart(fault);
      case "pause":
        return this.#pause(fault);
      case "clockSkew":
        return this.#withHost(fault, ({ clock }) => void (clock.skewMs = this.#world.skew(4_000 + fault.index)));
      case "takenLease":
        return this.#takeLease(fault);
      case "suspendAndResume":
        return this.#suspendAndResume(fault);
      case "eventStorm":
        return this.#storm(fault);
      case "repeatedStimulus":
        return this.#repeat(fault);
      default:
        return undefined; // faults of calls are not drawn here
    }
  }

  #withHost(fault: Fault, act: (host: SimulatedHost) => void): string | undefined {
    const host = this.#pick(this.#world.hosts, fault);
    if (host === undefined) return undefined;
    act(host);
    return host.process.name;
  }

  #restart(fault: Fault): string | undefined {
    const host = this.#pick(
      this.#world.hosts.filter(({ isUp }) => isUp),
      fault,
    );
    if (host === undefined) return undefined;
    const { scheduler, faults, outside } = this.#world;
    host.stop(faults.detail(fault, LONGEST_STOP_MS, 1), () => {
      scheduler.setTimer(outside, faults.detail(fault, LONGEST_STOP_MS, 2), () => {
        if (!host.process.isGone) host.start();
      });
    });
    return host.process.name;
  }

  #pause(fault: Fault): string | undefined {
    const host = this.#pick(
      this.#world.hosts.filter(({ process }) => !process.isFrozen),
      fault,
    );
    if (host === undefined) return undefined;
    host.process.isFrozen = true;
    this.#frozen.add(host);
    const { scheduler, faults, outside } = this.#world;
    const pauseMs = faults.detail(fault, LONGEST_PAUSE_MS, 1);
    scheduler.setTimer(outside, pauseMs, () => this.#thaw(host), `wakes ${host.process.name}`);
    return `${host.process.name} for ${pauseMs} ms`;
  }

  #thaw(host: SimulatedHost): void {
    host.process.isFrozen = false;
    this.#frozen.delete(host);
  }

  #takeLease(fault: Fault): string | undefined {
    const { ledger, locks, scheduler } = this.#world;
    const lease = this.#pick(ledger.takeable(scheduler.nowMs), fault);
    if (lease === undefined) return undefined;
    locks.release(lease.resource, lease.token);
    ledger.taken(lease.token);
    this.#world.hint(lease.resource);
    return lease.resource;
  }

  #suspendAndResume(fault: Fault): string | undefined {
    const { store, scheduler, faults, outside } = this.#world;
    const running = [...store.workflows.values()].filter(({ row }) => row.status === "runnable");
    const id = this.#pick(running, fault)?.row.id;
    if (id === undefined) return undefined;
    // Whatever came of the suspension, whose answer may have been lost.
    this.#suspended.add(id);
    this.#unfinished += 1;
    const resume = (): void => this.#resume(id, () => void (this.#unfinished -= 1));
    this.#errands.run(
      `suspend ${id}`,
      (client) => client.suspendWorkflow(id),
      () => void scheduler.setTimer(outside, faults.detail(fault, LONGEST_SUSPENSION_MS, 1), resume, `resumes ${id}`),
    );
    return id;
  }

  /** Events that nobody waits for, under keys of their own, several at once, some twice: beside those that count. */
  #storm(fault: Fault): string | undefined {
    const topics = [...this.#world.store.subscriptions.values()].map(({ subscription }) => subscription);
    const topic = this.#pick(
      topics.filter(({ name }) => !name.startsWith("wfe.")),
      fault,
    );
    if (topic === undefined) return undefined;
    const size = 1 + this.#world.faults.detail(fault, STORM_SIZE, 1);
    for (let n = 0; n < size; n += 1) {
      const id = `storm ${fault.index}/${n >> 1}`;
      this.#errands.run(
        id,
        (client) => client.publishEvent(topic.name, `${topic.key} of a storm`, n, { id }),
        () => undefined,
      );
    }
    return `${size} events beside (${topic.name}, ${topic.key})`;
  }

  /** Says something again that was said: by a caller that has heard no answer. */
  #repeat(fault: Fault): string | undefined {
    const stimulus = this.#pick(
      this.#stimuli.filter((candidate) => candidate.isRepeatable !== false && this.said.has(candidate)),
      fault,
    );
    if (stimulus === undefined) return undefined;
    const name = `${stimulus.name ?? "a stimulus"} again`;
    const times = 1 + this.#world.faults.detail(fault, 3, 1);
    for (let n = 0; n < times; n += 1) this.#errands.run(name, stimulus.act, () => undefined);
    return `${name}, ${times} times`;
  }

  #pick<T>(from: readonly T[], fault: Fault): T | undefined {
    return from[this.#world.faults.detail(fault, from.length)];
  }
}
