import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type HostOptions, type Providers, type StandaloneClient, WorkflowHostBuilder } from "wfe";
import { type ClusterPlaces, clusterProviders } from "./cluster-places.ts";
import type { ClusterStore } from "./cluster-store.ts";
import type { Run } from "./trip-workflow.ts";
import { WorkerProcess } from "./worker-process.ts";

/** What a host of a cluster is started with. */
export interface ClusterSettings {
  readonly journal: string;
  readonly places: ClusterPlaces;
  readonly options: HostOptions;
}

/** A start of a body, as it stands in the journal. */
export interface JournalLine extends Run {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly pid: number;
}

/** Hosts in processes of their own on a store of their own, and what may be done to them. */
export class Cluster<Store extends ClusterStore = ClusterStore> {
  readonly store: Store;
  readonly providers: Providers;
  readonly client: StandaloneClient;
  /** Those that are to be at work. */
  readonly hosts: WorkerProcess[] = [];
  /** Every process that there was, but for those that another one was started for again. */
  readonly processes: WorkerProcess[] = [];
  /** Loaded, and not started: a host that is killed is followed by one of them at once. */
  readonly #spares: WorkerProcess[] = [];
  readonly #folder: string;
  readonly #settings: ClusterSettings;
  readonly #startsAgain: (failure: string) => boolean;

  private constructor(store: Store, options: HostOptions, startsAgain: (failure: string) => boolean) {
    this.store = store;
    this.#startsAgain = startsAgain;
    this.#folder = mkdtempSync(join(tmpdir(), "wfe-journal-"));
    this.#settings = { journal: join(this.#folder, "journal"), places: store.hostPlaces, options };
    this.providers = clusterProviders(store.places);
    this.client = new WorkflowHostBuilder().useProviders(this.providers).buildClient();
  }

  /**
   * A cluster without hosts; the store ends with it.
   *
   * @param options - Of the hosts.
   * @param startsAgain - Whether a host that could not start for this reason is followed by another one, as by a supervisor. @default never
   */
  static async start<Store extends ClusterStore>(
    store: Store,
    options: HostOptions = {},
    startsAgain: (failure: string) => boolean = () => false,
  ): Promise<Cluster<Store>> {
    try {
      const cluster = new Cluster(store, options, startsAgain);
      await cluster.client.start();
      return cluster;
    } catch (error) {
      await store.dispose();
      throw error;
    }
  }

  async dispose(): Promise<void> {
    await Promise.all(this.processes.map((each) => each.kill()));
    await this.client.stop();
    await this.store.dispose();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Starts one more host, from a spare if there is one. */
  async addHost(): Promise<WorkerProcess> {
    const host = this.#spares.shift() ?? this.load();
    this.hosts.push(host);
    try {
      await host.heard(({ loaded }) => loaded === true);
      host.send("start");
      await host.heard(({ ready }) => ready === true);
      return host;
    } catch (error) {
      if (host.failure === undefined || !this.#startsAgain(host.failure)) throw error;
      for (const list of [this.hosts, this.processes]) list.splice(list.indexOf(host), 1);
      return await this.addHost();
    }
  }

  async addHosts(count: number): Promise<void> {
    await Promise.all(Array.from({ length: count }, () => this.addHost()));
  }

  keepSpares(count: number): void {
    while (this.#spares.length < count) this.#spares.push(this.load());
  }

  /** A process that waits for its start as a host. @param places - @default those of the store */
  load(places: ClusterPlaces = this.#settings.places): WorkerProcess {
    const settings: ClusterSettings = { ...this.#settings, places };
    const worker = WorkerProcess.fork(new URL("cluster-worker.ts", import.meta.url), [JSON.stringify(settings)]);
    this.processes.push(worker);
    return worker;
  }

  async kill(host: WorkerProcess): Promise<void> {
    this.hosts.splice(this.hosts.indexOf(host), 1);
    await host.kill();
  }

  /** Lets all hosts stop in order. @returns Their exit codes. */
  async stopHosts(): Promise<readonly (number | null)[]> {
    return await Promise.all(this.hosts.splice(0).map((host) => host.stop()));
  }

  /** Every start of a body, in order. */
  journal(): readonly JournalLine[] {
    if (!existsSync(this.#settings.journal)) return [];
    const lines = readFileSync(this.#settings.journal, "utf8").split("\n").slice(0, -1);
    return lines.map((line) => {
      const [at, pid, step = "", attempt, key = ""] = line.split(" ");
      return { at: Number(at), pid: Number(pid), step, attempt: Number(attempt), key };
    });
  }

  /** What the hosts have warned of, and how often; without numbers, ids and times. */
  warnings(): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const { warning, cause } of this.processes.flatMap(({ messages }) => messages)) {
      if (warning === undefined) continue;
      const what = `${warning}${cause === undefined ? "" : ` <- ${cause}`}`.replaceAll(/\bt\d+\b/g, "#").replaceAll(/\d[\d:.TZ-]*/g, "#");
      counts[what] = (counts[what] ?? 0) + 1;
    }
    return counts;
  }

  /** Processes that have ended though nobody has ended them, or have written something: an unhandled rejection, for example. */
  get unwell(): readonly Pick<WorkerProcess, "pid" | "endedByItself" | "output" | "failure">[] {
    return this.processes
      .filter(({ endedByItself, output }) => endedByItself !== undefined || output !== "")
      .map(({ pid, endedByItself, output, failure }) => ({ pid, endedByItself, output, failure }));
  }

  /** Hosts that have started. */
  get readyHosts(): readonly WorkerProcess[] {
    return this.hosts.filter(({ isReady }) => isReady);
  }

  /** Commits that the store has refused to hosts, of these instances. */
  refusals(of: (workflowId: string) => boolean): number {
    return this.processes.flatMap(({ messages }) => messages).filter(({ refused }) => refused !== undefined && of(refused.workflowId)).length;
  }
}
