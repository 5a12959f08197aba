import {
  type EventRow,
  type LifecycleEvent,
  type LifecycleEventOf,
  type LifecycleEventType,
  MiddlewareRunner,
  Payloads,
  type Provider,
  WfeError,
} from "wfe-core";
import { ActivityController } from "./activity-controller.ts";
import { ClientVerbs } from "./client-verbs.ts";
import { CompletionWaiter } from "./completion-waiter.ts";
import type { ClientParts } from "./host-parts.ts";
import { type HostServices, warn } from "./host-services.ts";
import { InstanceLookup } from "./instance-lookup.ts";
import { LifecycleBus } from "./lifecycle-bus.ts";
import { checkEventsOptions, type LifecycleEvents, type LifecycleEventsOptions } from "./lifecycle-events.ts";
import { OneAtATime } from "./one-at-a-time.ts";
import { startAll, stopAll } from "./provider-lifecycle.ts";
import { StoreMetrics } from "./store-metrics.ts";
import { WorkflowCommands } from "./workflow-commands.ts";
import { WorkflowController } from "./workflow-controller.ts";
import { WorkflowMigrator } from "./workflow-migrator.ts";
import { WorkflowStarter } from "./workflow-starter.ts";

/**
 * The verbs of a host without running steps: for processes that only start, publish and ask. What it starts and publishes is taken up by the
 * hosts on the same store. Made by `WorkflowHostBuilder.buildClient()`.
 */
export class StandaloneClient extends ClientVerbs implements AsyncDisposable {
  /** @internal */
  protected readonly controller: WorkflowController;
  /** @internal */
  protected readonly activities: ActivityController;
  readonly #parts: ClientParts;
  readonly #providers: readonly Provider[];
  readonly #bus: LifecycleBus;
  readonly #waiter: CompletionWaiter;
  #running = false;
  readonly #changes = new OneAtATime();

  /** @internal */
  constructor(parts: ClientParts) {
    super();
    const { providers, clock, entropy, registry, options, log, metrics, artifacts } = parts;
    const { queue, persistence } = providers;
    const payloads = new Payloads({ codec: options.codec, limits: { data: options.maxDataSize, event: options.maxEventSize } });
    const middleware = new MiddlewareRunner(parts.middleware ?? [], (message, error) => warn(parts, message, error));
    const services: HostServices = { persistence, queue, registry, clock, entropy, payloads, log, metrics, artifacts, middleware, options };
    this.#parts = parts;
    this.#providers = [persistence, queue, ...(metrics === undefined ? [] : [new StoreMetrics(persistence, metrics)])];
    this.#waiter = new CompletionWaiter(services);
    const hint = (id: string, type: "workflow" | "event"): void => {
      queue
        .queueWork(id, type)
        .catch((error: unknown) => warn(services, `a hint for the ${type} ${id} could not be queued; the sweep finds it`, error));
    };
    const lookup = new InstanceLookup(services);
    this.#bus = new LifecycleBus(services, parts.publisher, (idOrName) => this.underWay.track(lookup.idOrSame(idOrName)));
    const lifecycle = (event: LifecycleEvent): void => this.#bus.publish(event);
    const published = (event: EventRow): void => hint(event.id, "event");
    const changed = (id: string): void => hint(id, "workflow");
    const commands = new WorkflowCommands(services, lookup, {
      changed,
      published,
      commanded: () => undefined, // the sweep of the hosts finds them
      lifecycle,
      ended: (row) => {
        this.#bus.written(row);
        this.#waiter.notify(row.id, row.status);
      },
    });
    const assertRunning = (): void => this.#assertRunning();
    const starter = new WorkflowStarter(services, lifecycle);
    const migrator = new WorkflowMigrator(services, lookup, starter, changed);
    this.controller = new WorkflowController(services, starter, this.#waiter, lookup, commands, migrator, { assertRunning, published, changed });
    this.activities = new ActivityController(services, { assertRunning, changed });
  }

  /** Starts the providers. Idempotent, and possible again after `stop`. */
  start(): Promise<void> {
    return this.#changes.run(async () => {
      if (this.#running) return;
      const { publisher } = this.#parts;
      await startAll(publisher === undefined ? this.#providers : [...this.#providers, publisher], (error) =>
        warn(this.#parts, "a provider could not be stopped after the failed start", error),
      );
      this.#waiter.start();
      this.#running = true;
    });
  }

  /** Waits for the answers to what was asked, for the option `shutdownTimeout` at most, then stops the providers. Idempotent. */
  stop(): Promise<void> {
    return this.#changes.run(async () => {
      if (!this.#running) return;
      this.#running = false;
      const { clock, options } = this.#parts;
      const endsAt = clock.monotonic() + options.shutdownTimeoutMs;
      this.#waiter.stop();
      this.activities.stop();
      await this.underWay.settled(clock, options.shutdownTimeoutMs);
      await this.#bus.stop(Math.max(0, endsAt - clock.monotonic()));
      await stopAll(this.#providers);
    });
  }

  /**
   * Lifecycle events of all hosts and clients that have the same publisher, from now on. Ends with `signal`, and with the client. They are
   * notifications: see {@link LifecycleEvents.gaps} for what a reader may lose.
   *
   * @throws TypeError, RangeError that name the option; WfeError `WFE_PROVIDER_MISSING` without a publisher, `WFE_HOST_NOT_RUNNING` for a client that is not
   * running. The iterator rejects with what the publisher says to the subscription, and the store to a name.
   */
  events<TType extends LifecycleEventType = LifecycleEventType>(options?: LifecycleEventsOptions<TType>): LifecycleEvents<LifecycleEventOf<TType>> {
    const wanted = checkEventsOptions(options);
    if (this.#parts.publisher === undefined) {
      throw new WfeError(
        "WFE_PROVIDER_MISSING",
        "the client lacks a lifecycle publisher, which brings it the events of the hosts: give it and the hosts one (useLifecyclePublisher)",
      );
    }
    this.#assertRunning();
    return this.#bus.events(wanted) as LifecycleEvents<LifecycleEventOf<TType>>; // of those types alone
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #assertRunning(): void {
    if (!this.#running) throw new WfeError("WFE_HOST_NOT_RUNNING", "the client is not running: call client.start() first");
  }
}
