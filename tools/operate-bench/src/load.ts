import { type Providers, WorkflowBuilder, type WorkflowHost, WorkflowHostBuilder } from "wfe";
import { type Figures, figuresOf } from "./figures.ts";

const CLIENTS = 16;

const steps = new WorkflowBuilder<{ n: number }>()
  .thenFn("one", (ctx) => ctx.data.n + 1)
  .saveAs("n")
  .thenFn("two", (ctx) => ctx.data.n + 1)
  .saveAs("n")
  .thenFn("three", (ctx) => ctx.data.n + 1)
  .saveAs("n")
  .build("load", 1);

/** What a load has done in a while. */
export interface LoadFigures {
  readonly perSecond: number;
  /** From the start of a workflow to its end. */
  readonly latency: Figures;
  /** Longest time in which none has ended. */
  readonly stall: number;
}

/** Workflows of three steps on two hosts; each of 16 callers starts its next when the one before has ended. */
export class Load {
  readonly #hosts: readonly WorkflowHost[];
  readonly #ended: { readonly atMs: number; readonly tookMs: number }[] = [];
  #running: readonly Promise<void>[] = [];
  #stopped = false;

  constructor(providers: readonly Providers[]) {
    this.#hosts = providers.map((each) => {
      const host = new WorkflowHostBuilder().useProviders(each).build();
      host.registerWorkflowDefinition(steps);
      return host;
    });
  }

  async start(): Promise<void> {
    for (const host of this.#hosts) await host.start();
    this.#running = Array.from({ length: CLIENTS }, (_, index) => this.#call(this.#hosts[index % this.#hosts.length] as WorkflowHost)); // not empty
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#running);
    for (const host of this.#hosts) await host.stop();
  }

  /** What it does during some work. */
  async during(work: () => Promise<unknown>): Promise<LoadFigures> {
    this.#ended.length = 0;
    const begun = performance.now();
    await work();
    const end = performance.now();
    const ended = [...this.#ended];
    const instants = [begun, ...ended.map(({ atMs }) => atMs), end];
    return {
      perSecond: (ended.length * 1_000) / (end - begun),
      latency: figuresOf(ended.map(({ tookMs }) => tookMs)),
      stall: Math.max(...instants.slice(1).map((at, index) => at - (instants[index] ?? at))),
    };
  }

  async #call(host: WorkflowHost): Promise<void> {
    while (!this.#stopped) {
      const begun = performance.now();
      await host.runWorkflow(steps, { n: 0 });
      const atMs = performance.now();
      this.#ended.push({ atMs, tookMs: atMs - begun });
    }
  }
}
