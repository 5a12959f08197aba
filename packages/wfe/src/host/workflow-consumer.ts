import {
  type BoundedTimers,
  type DistributedLockProvider,
  endsWithin,
  type ExecutorServices,
  isFinal,
  type Lease,
  leaseHasEnded,
  Slots,
  Timers,
  type WorkItem,
  WorkflowPass,
  type WorkflowRow,
} from "wfe-core";
import { FollowUps } from "./follow-ups.ts";
import { GrowingDelays } from "./growing-delays.ts";
import { type HostServices, warn } from "./host-services.ts";
import { LeaseKeeper } from "./lease-keeper.ts";
import type { Cause, Entry, InstanceToRun } from "./looked-at.ts";
import { nearTimers } from "./near-timers.ts";
import type { UnknownInstances } from "./unknown-definitions.ts";

/**
 * Runs passes: at most so many at the same time, one per instance. Whatever points at an instance (a hint, a timer, the sweep, a delivery)
 * comes through here.
 */
export class WorkflowConsumer {
  readonly slots: Slots;
  readonly #services: HostServices;
  readonly #executor: ExecutorServices;
  readonly #locks: DistributedLockProvider;
  readonly #leases: LeaseKeeper;
  readonly #entries = new Map<string, Entry>();
  readonly #runs = new Set<Promise<void>>();
  readonly #busyElsewhere = new GrowingDelays(10, 1_000);
  readonly #followUps: FollowUps;
  /** Instances that were created here, and whose lease was not to be had yet. */
  readonly #unleased = new Map<string, InstanceToRun>();
  /** When those are tried again. */
  readonly #retries: Timers<string>;
  /** When the store has instances due. */
  readonly #timers: BoundedTimers<string>;
  /** Something found no room since a place was last given back. */
  #turnedAway = false;
  #drains = false;
  #aborts = false;

  /** @param lookForDue - Has instances claimed that are due, and whose ids were not kept. */
  constructor(services: HostServices, executor: ExecutorServices, locks: DistributedLockProvider, lookForDue: () => void) {
    this.#services = services;
    this.#executor = executor;
    this.#locks = locks;
    this.slots = new Slots(services.options.maxConcurrentWorkflows);
    this.#leases = new LeaseKeeper(services);
    this.#followUps = new FollowUps(services, (id, dueAt) => this.schedule(id, dueAt));
    const { clock } = services;
    const onDue = (ids: readonly string[]): void => ids.forEach((id) => this.dispatch(id));
    this.#retries = new Timers<string>({ clock, onDue });
    this.#timers = nearTimers<string>({ clock, onDue, onUnknown: lookForDue });
  }

  /**
   * Looks at an instance as soon as possible: here if there is room and the host does not stop, else through the queue. Returns at once.
   *
   * @param options.isOrphan - Whether who had its lease is gone for certain. @default false
   */
  dispatch(id: string, { isOrphan = false }: { readonly isOrphan?: boolean } = {}): void {
    if (this.poke(id)) return;
    if (this.tryReserve()) this.#track(id, this.#run(id, { isOrphan }));
    else this.#followUps.hint(id, 0);
  }

  /** What this host has left to others because it does not know the definition. */
  get unknownDefinitions(): readonly UnknownInstances[] {
    return this.#followUps.unknownDefinitions.seen;
  }

  /** Whether others wait for a place: what found none here, or what the sweep has found for a host without room. */
  get isContended(): boolean {
    return this.#turnedAway && this.slots.free === 0;
  }

  /** Looks at an instance for a queue item; where there is no room any more it goes back, for a host that has some. */
  async consume(item: WorkItem): Promise<void> {
    if (this.poke(item.id)) await item.ack();
    else if (this.#drains || !this.#takesPlace()) await item.retry(0);
    else this.#track(item.id, this.#run(item.id, { item }));
  }

  /** Takes a place of `slots` for an instance that is about to be created here. @returns Whether there is one, and the host is not stopping. */
  tryReserve(): boolean {
    return !this.#drains && this.#takesPlace();
  }

  /**
   * Creates an instance with a place of `slots` taken for it, and runs it here; `stop` waits for that. What points at it meanwhile is kept for
   * its pass.
   *
   * @param creation - Gives `undefined` when there is nothing to run.
   */
  create(id: string, creation: () => Promise<InstanceToRun | undefined>): Promise<void> {
    const entry: Entry = { hasPlace: true, isPoked: false };
    const isKnown = this.#entries.has(id);
    if (!isKnown) this.#entries.set(id, entry);
    const giveUp = (): void => {
      if (!isKnown) this.#entries.delete(id);
      this.#givePlace(entry);
    };
    const created = creation().then(
      async (instance) => {
        if (instance !== undefined && !isKnown) {
          this.#track(id, this.#run(id, { created: instance, entry }));
          return;
        }
        // A repeat of a start; or one that has the id of an instance that was removed, and whose pass here has not noticed yet.
        giveUp();
        if (instance !== undefined) this.#unleased.set(id, { ...instance, isLeased: false });
        if (instance?.lease !== undefined) await this.#release(instance.lease);
        if (instance !== undefined || entry.isPoked) this.dispatch(id);
      },
      (error: unknown) => {
        giveUp();
        if (entry.isPoked) this.dispatch(id); // somebody else's, of the same id
        throw error;
      },
    );
    this.#watch(created.catch(() => undefined)); // told to who starts it
    return created;
  }

  /** Looks at the instance at this time, if it is near; the sweep has the rest. */
  schedule(id: string, dueAt: Date): void {
    if (!this.#drains) this.#timers.schedule(id, dueAt.getTime());
  }

  /** Whether the instance is looked at here. */
  has(id: string): boolean {
    return this.#entries.has(id);
  }

  /** Whether the instance runs here, and runs as far as this host knows: a commit of its own tells of its end, if it comes here. */
  runs(id: string): boolean {
    return this.#entries.get(id)?.isRunning === true;
  }

  /** A commit, or a command, of this host has left an instance like this. */
  written({ id, status }: WorkflowRow): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    entry.isRunning = status === "runnable";
    // There is nothing left to do in it, and who is told of its end may come with the next.
    if (isFinal(status)) this.#givePlace(entry);
  }

  /** Something has come for an instance. @returns Whether it is looked at here, and so is looked at once more. */
  poke(id: string): boolean {
    const entry = this.#entries.get(id);
    if (entry === undefined) return false;
    if (entry.pass === undefined) entry.isPoked = true;
    else entry.pass.poke();
    return true;
  }

  /** Ready to run passes, also after a stop. */
  start(): void {
    this.#drains = false;
    this.#aborts = false;
  }

  /**
   * Lets running bodies finish and commits them, then calls the rest off. Resolves when no pass runs any more.
   *
   * @param timeoutMs - How long bodies may take to finish.
   */
  async stop(timeoutMs: number): Promise<void> {
    this.#drains = true;
    this.#timers.clear();
    this.#retries.clear();
    this.#unleased.clear();
    for (const { pass } of this.#entries.values()) pass?.drain();
    const all = this.#settled();
    await endsWithin(all, this.#services.clock, timeoutMs);
    this.#aborts = true;
    for (const [id, { pass }] of this.#entries) {
      // Renewed no more: a store that gives no answer keeps the host for the rest of a lease at most.
      this.#leases.remove(id);
      pass?.abort();
    }
    await all;
  }

  async #settled(): Promise<void> {
    while (this.#runs.size > 0) await Promise.all(this.#runs);
  }

  #takesPlace(): boolean {
    if (this.slots.tryTake()) return true;
    this.#turnedAway = true;
    return false;
  }

  /** Gives the place of an entry back, if it has one still. */
  #givePlace(entry: Entry): void {
    if (!entry.hasPlace) return;
    entry.hasPlace = false;
    this.#turnedAway = false; // it goes to one of those who wait; if there are more, they come again
    this.slots.give();
  }

  #watch(work: Promise<void>): void {
    const watched = work.finally(() => this.#runs.delete(watched));
    this.#runs.add(watched);
  }

  /** `#run` has put the instance into `#entries` before its first await. */
  #track(id: string, run: Promise<void>): void {
    this.#watch(run.catch((error: unknown) => warn(this.#services, `the pass of the workflow ${id} has failed`, error)));
  }

  /** Owns the place of its entry, and gives it back. */
  async #run(id: string, cause: Cause = {}): Promise<void> {
    const { item, created, entry = { hasPlace: true, isPoked: false }, isOrphan = false } = cause;
    this.#entries.set(id, entry);
    this.#timers.cancel(id);
    this.#retries.cancel(id);
    const own = created ?? this.#unleased.get(id);
    let again = false;
    let isLeaseLost = false;
    try {
      const lease = created?.lease ?? (await this.#acquire(id, cause, own, entry));
      if (lease === undefined) return;
      this.#unleased.delete(id);
      const pass = new WorkflowPass(this.#executor, id, lease, own, isOrphan);
      entry.pass = pass;
      entry.isRunning = own?.isLeased === true;
      if (this.#drains) pass.drain();
      if (this.#aborts) pass.abort();
      else this.#leases.add(lease, pass);
      if (entry.isPoked) pass.poke();
      // Acked once the lease is held: from here on the due time in the row is the net.
      const acked = item?.ack().catch((error: unknown) => warn(this.#services, `the hint for the workflow ${id} could not be acked`, error));
      const end = await pass.run();
      this.#givePlace(entry); // others need not wait until the lease is given back, too
      this.#leases.remove(id);
      isLeaseLost = end.kind === "lost" && leaseHasEnded(lease);
      if (isLeaseLost) this.#services.metrics?.record({ kind: "leaseLost" });
      await Promise.all([acked, this.#release(lease)]);
      again = pass.isPoked; // also where it has found nothing: what has come may be its creation
      this.#followUps.after(id, end);
    } finally {
      this.#entries.delete(id);
      this.#givePlace(entry);
    }
    if (again) this.dispatch(id);
    else if (isLeaseLost) this.#retake(id);
  }

  /**
   * Goes on with an instance whose lease was lost, if nobody else does: a lock provider that has lost everything has lost it for all, and the
   * row is due at the end of the lease only.
   */
  #retake(id: string): void {
    if (this.#drains || this.poke(id)) return;
    if (this.#takesPlace()) this.#track(id, this.#run(id, { isOrphan: true, isRetaken: true }));
    else this.#followUps.hint(id, 0);
  }

  async #acquire(id: string, { item, isRetaken = false }: Cause, created: InstanceToRun | undefined, entry: Entry): Promise<Lease | undefined> {
    try {
      const lease = await this.#locks.acquireLock(id, { ttl: this.#services.options.lockTtlMs });
      if (lease !== undefined) {
        this.#busyElsewhere.forget(id);
        return lease;
      }
      if (isRetaken && !entry.isPoked) return undefined;
    } catch (error) {
      warn(this.#services, `the lease on the workflow ${id} could not be taken; it is tried again`, error);
    }
    const delayMs = this.#busyElsewhere.next(id);
    if (created !== undefined && !this.#drains) {
      // Others leave it to this host for a while.
      this.#unleased.set(id, { ...created, isLeased: false });
      this.#retries.schedule(id, this.#services.clock.now() + delayMs);
    }
    const unreturned = (error: unknown): void =>
      warn(this.#services, `the hint for the workflow ${id} could not be put back; it comes by itself`, error);
    // Not waited for: a hint that comes meanwhile, this one perhaps, would be taken for one that is looked after here.
    if (item !== undefined) this.#watch(item.retry(delayMs).catch(unreturned));
    else if (created === undefined) this.#followUps.hint(id, delayMs);
    return undefined;
  }

  async #release(lease: Lease): Promise<void> {
    try {
      await lease.release();
    } catch (error) {
      warn(this.#services, `the lease on ${lease.resource} could not be released; it ends at ${lease.expiresAt.toISOString()}`, error);
    }
  }
}
