import {
  type ArtifactStore,
  type Clock,
  type Entropy,
  type EventRow,
  type LogSink,
  Payloads,
  type Provider,
  type Providers,
  WfeError,
  type WorkflowRegistry,
} from "wfe-core";
import { ActivityController } from "./activity-controller.ts";
import { ClientVerbs } from "./client-verbs.ts";
import { CompletionWaiter } from "./completion-waiter.ts";
import type { ResolvedHostOptions } from "./host-options.ts";
import { type HostServices, warn } from "./host-services.ts";
import { InstanceLookup } from "./instance-lookup.ts";
import { OneAtATime } from "./one-at-a-time.ts";
import { startAll, stopAll } from "./provider-lifecycle.ts";
import { WorkflowCommands } from "./workflow-commands.ts";
import { WorkflowController } from "./workflow-controller.ts";
import { WorkflowMigrator } from "./workflow-migrator.ts";
import { WorkflowStarter } from "./workflow-starter.ts";

/** What a client is made of. */
export interface ClientParts {
  readonly providers: Pick<Providers, "persistence" | "queue">;
  readonly registry: WorkflowRegistry;
  readonly options: ResolvedHostOptions;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: LogSink;
  /** @default none */
  readonly artifacts?: ArtifactStore | undefined;
}

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
  readonly #waiter: CompletionWaiter;
  #running = false;
  readonly #changes = new OneAtATime();

  /** @internal */
  constructor(parts: ClientParts) {
    super();
    const { providers, clock, entropy, registry, options, log, artifacts } = parts;
    const { queue, persistence } = providers;
    const payloads = new Payloads({ codec: options.codec, limits: { data: options.maxDataSize, event: options.maxEventSize } });
    const services: HostServices = { persistence, queue, registry, clock, entropy, payloads, log, artifacts, options };
    this.#parts = parts;
    this.#providers = [persistence, queue];
    this.#waiter = new CompletionWaiter(services);
    const hint = (id: string, type: "workflow" | "event"): void => {
      queue
        .queueWork(id, type)
        .catch((error: unknown) => warn(services, `a hint for the ${type} ${id} could not be queued; the sweep finds it`, error));
    };
    const lookup = new InstanceLookup(services);
    const published = (event: EventRow): void => hint(event.id, "event");
    const commands = new WorkflowCommands(services, lookup, {
      changed: (id) => hint(id, "workflow"),
      published,
      commanded: () => undefined, // the sweep of the hosts finds them
      lifecycle: () => undefined,
      ended: (id, status) => this.#waiter.notify(id, status),
    });
    const assertRunning = (): void => {
      if (!this.#running) throw new WfeError("WFE_HOST_NOT_RUNNING", "the client is not running: call client.start() first");
    };
    const starter = new WorkflowStarter(services, () => undefined);
    const migrator = new WorkflowMigrator(services, lookup, starter, (id) => hint(id, "workflow"));
    this.controller = new WorkflowController(services, starter, this.#waiter, lookup, commands, migrator, { assertRunning, published });
    this.activities = new ActivityController(services, { assertRunning, changed: (id) => hint(id, "workflow") });
  }

  /** Starts the providers. Idempotent, and possible again after `stop`. */
  start(): Promise<void> {
    return this.#changes.run(async () => {
      if (this.#running) return;
      await startAll(this.#providers, (error) => warn(this.#parts, "a provider could not be stopped after the failed start", error));
      this.#waiter.start();
      this.#running = true;
    });
  }

  /** Waits for the answers to what was asked, for the option `shutdownTimeout` at most, then stops the providers. Idempotent. */
  stop(): Promise<void> {
    return this.#changes.run(async () => {
      if (!this.#running) return;
      this.#running = false;
      this.#waiter.stop();
      this.activities.stop();
      await this.underWay.settled(this.#parts.clock, this.#parts.options.shutdownTimeoutMs);
      await stopAll(this.#providers);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
