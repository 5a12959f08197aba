import type { AnyDefinition, DistributedLockProvider, HttpClient, LifecyclePublisher, Providers } from "wfe-core";
import type { HostOptions } from "../../host/host-options.ts";
import type { WorkflowHost } from "../../host/workflow-host.ts";
import { WorkflowHostBuilder } from "../../host/workflow-host-builder.ts";
import type { VirtualEntropy } from "wfe-core/test-support";
import type { SeededScheduler } from "./seeded-scheduler.ts";
import type { SimulatedClock } from "./simulated-clock.ts";
import type { SimulatedProcess } from "./simulated-process.ts";

const START_AGAIN_MS = 300;

/** What a {@link SimulatedHost} is made of. */
export interface SimulatedHostParts {
  readonly process: SimulatedProcess;
  readonly scheduler: SeededScheduler;
  readonly clock: SimulatedClock;
  readonly entropy: VirtualEntropy;
  readonly providers: Providers & { readonly locks: DistributedLockProvider };
  readonly publisher: LifecyclePublisher;
  readonly http: HttpClient | undefined;
  readonly options: HostOptions;
  readonly definitions: readonly AnyDefinition[];
}

/** A real host in a process of a simulation, from its first start to its crash. */
export class SimulatedHost {
  readonly host: WorkflowHost;
  readonly process: SimulatedProcess;
  readonly clock: SimulatedClock;
  readonly #scheduler: SeededScheduler;
  #state: "starting" | "up" | "stopping" | "stopped" = "stopped";
  /** Told when the process is gone. */
  readonly #mourners = new Set<() => void>();

  constructor(parts: SimulatedHostParts) {
    const { process, scheduler, clock, entropy, providers, publisher, http, options, definitions } = parts;
    this.process = process;
    this.clock = clock;
    this.#scheduler = scheduler;
    const builder = new WorkflowHostBuilder()
      .useProviders(providers)
      .useLifecyclePublisher(publisher)
      .useClock(clock)
      .useEntropy(entropy)
      .useLogSink({ write: ({ level, message }) => scheduler.note(`${process.name} logs (${level}): ${message}`) })
      .withOptions(options);
    if (http !== undefined) builder.useHttpClient(http);
    this.host = builder.build();
    for (const definition of definitions) this.host.registerWorkflowDefinition(definition);
  }

  /** Whether it works, or would if it were not frozen. */
  get isUp(): boolean {
    return this.#state === "up" && !this.process.isGone;
  }

  /** Whether it is stopped for good or for now. */
  get isStopped(): boolean {
    return this.#state === "stopped";
  }

  /** Starts, and starts again when that fails, as whoever looks after a process does. */
  start(): void {
    this.#state = "starting";
    this.process.drainsUntilMs = undefined;
    this.host.start().then(
      () => {
        this.#state = "up";
      },
      (error: unknown) => {
        this.#scheduler.note(`${this.process.name} could not start: ${String(error)}`);
        this.#scheduler.setTimer(this.process, START_AGAIN_MS, () => this.start());
      },
    );
  }

  /** Stops in order. @param then - When it has stopped. */
  stop(timeoutMs: number, then: () => void): void {
    this.#state = "stopping";
    this.process.drainsUntilMs = this.#scheduler.nowMs + timeoutMs;
    this.host.stop({ timeout: timeoutMs }).then(
      () => {
        this.#state = "stopped";
        then();
      },
      (error: unknown) => {
        // The host is stopped all the same.
        this.#scheduler.note(`${this.process.name} has stopped with ${String(error)}`);
        this.#state = "stopped";
        then();
      },
    );
  }

  /** Calls back when the process is lost. @returns Calls that off. */
  onLoss(lost: () => void): () => void {
    this.#mourners.add(lost);
    return () => void this.#mourners.delete(lost);
  }

  /** The process is gone. */
  lost(): void {
    for (const tell of [...this.#mourners]) tell();
  }
}
