import { setTimeout as sleep } from "node:timers/promises";
import type { HostOptions } from "wfe";
import { Cluster } from "./cluster.ts";
import type { ClusterStore } from "./cluster-store.ts";
import { type Finding, none, same } from "./finding.ts";
import type { StoreName } from "./store-name.ts";
import { tripVerdict } from "./trip-verdict.ts";
import { Trips } from "./trips.ts";

/** How a drill is run. */
export interface DrillSettings {
  readonly store: StoreName;
  readonly workflows: number;
  readonly hosts: number;
  /** How long the workflows may take. */
  readonly limitMs: number;
  /** Pause between two blows. */
  readonly everyMs: number;
  /** How often what is done one by one, after the workflows, is done. */
  readonly rounds: number;
  /** Takes a line of progress. */
  readonly tell: (line: string) => void;
  /** Called with what ends everything, before anything is there to be ended. */
  readonly onStart: (dispose: () => Promise<void>) => void;
}

/** What was done to a cluster, and what came of it besides the workflows. */
export interface Blows {
  /** In words: "31 hosts killed by SIGKILL, one every 1000 ms". */
  readonly done: readonly string[];
  readonly findings: readonly Finding[];
  /** By name, with units. @default none */
  readonly figures?: Readonly<Record<string, string>>;
}

/** A cluster at work. */
export interface Scene<Store extends ClusterStore = ClusterStore> {
  readonly cluster: Cluster<Store>;
  readonly trips: Trips;
  readonly settings: DrillSettings;
}

/** What a drill does. */
export interface DrillPlan<Store extends ClusterStore = ClusterStore> {
  readonly store: Store;
  /** Of the hosts. */
  readonly options: HostOptions;
  /** So many workflows at the same time at most. @default a twentieth, so that blows fall on all of them */
  readonly underWay?: number;
  /** Whether what cannot be started, published or asked for from outside is tried again. @default never */
  readonly outlasts?: (error: unknown) => boolean;
  /** Goes on until the trips are over. */
  during(scene: Scene<Store>): Promise<Blows>;
  /** What is done when the trips are over. @default nothing */
  after?(scene: Scene<Store>): Promise<Blows>;
}

/** What a drill has come to. */
export interface DrillOutcome {
  readonly done: readonly string[];
  readonly findings: readonly Finding[];
  readonly figures: Readonly<Record<string, string>>;
  /** What hosts have warned of, and how often. */
  readonly warnings: Readonly<Record<string, number>>;
  readonly isGood: boolean;
}

const TELL_EVERY_MS = 2_000;
const NOTHING: Blows = { done: [], findings: [] };

/** Runs workflows on hosts in processes of their own while blows fall on them, and looks at what has come of it. */
export async function runDrill<Store extends ClusterStore>(settings: DrillSettings, plan: DrillPlan<Store>): Promise<DrillOutcome> {
  const { tell, workflows } = settings;
  const cluster = await Cluster.start(plan.store, { maxCrashes: 1_000, ...plan.options });
  let disposing: Promise<void> | undefined;
  const dispose = (): Promise<void> => (disposing ??= cluster.dispose());
  settings.onStart(dispose);
  try {
    tell(`starting ${settings.hosts} hosts on ${settings.store}`);
    await cluster.addHosts(settings.hosts);
    const { underWay = Math.max(4, Math.ceil(workflows / 20)), outlasts } = plan;
    const trips = new Trips(cluster, workflows, { underWay, timeoutMs: settings.limitMs, ...(outlasts === undefined ? {} : { outlasts }) });
    const scene = { cluster, trips, settings };

    tell(`running ${workflows} workflows, ${underWay} at a time`);
    const began = performance.now();
    const [failure, during] = await Promise.all([failureOf(trips), carriedOut(plan.during(scene)), telling(trips, settings)]);
    const seconds = (performance.now() - began) / 1_000;
    const after = failure === undefined ? await carriedOut(plan.after?.(scene)) : NOTHING;

    tell("looking at what has come of it");
    const { findings, figures } = await tripVerdict(cluster, workflows);
    const ended = await hostsAtTheirEnd(cluster, settings.hosts);
    const integrity = (await cluster.store.integrity?.()) ?? undefined;
    const all = [
      same(`all over within ${settings.limitMs / 1_000} s`, failure ?? "yes", "yes"),
      ...findings,
      ...during.findings,
      ...after.findings,
      ...ended,
      ...(integrity === undefined ? [] : [same("the store's check of its file", integrity, "ok")]),
    ];
    return {
      done: [...during.done, ...after.done],
      findings: all,
      figures: {
        "time for the workflows": `${seconds.toFixed(1)} s`,
        "steps that have ended": `${figures.steps}, ${Math.round(figures.steps / seconds)} a second`,
        "starts of bodies": `${figures.bodies}, ${figures.again} of them again because a host was lost`,
        "longest workflow": `${figures.longestMs} ms`,
        ...during.figures,
        ...after.figures,
      },
      warnings: cluster.warnings(),
      isGood: all.every(({ isGood }) => isGood),
    };
  } finally {
    await dispose();
  }
}

/** What was done; when that has failed, a finding says so, and the others are made all the same. */
async function carriedOut(blows: Promise<Blows> | undefined): Promise<Blows> {
  try {
    return (await blows) ?? NOTHING;
  } catch (error) {
    return { done: [], findings: [same("what is done to the hosts and the store", messageOf(error), "carried out")] };
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

async function failureOf(trips: Trips): Promise<string | undefined> {
  try {
    await trips.run();
    return undefined;
  } catch (error) {
    return `no: ${messageOf(error)}`;
  }
}

async function telling(trips: Trips, { tell }: DrillSettings): Promise<void> {
  for (let next = performance.now() + TELL_EVERY_MS; !trips.isOver; await sleep(20)) {
    if (performance.now() < next) continue;
    tell(`${Math.round(trips.done * trips.count)} of ${trips.count} workflows have ended`);
    next += TELL_EVERY_MS;
  }
}

/** No process has ended by itself or has written anything, and all stop in order. */
async function hostsAtTheirEnd(cluster: Cluster, count: number): Promise<readonly Finding[]> {
  const { unwell } = cluster;
  const codes = await cluster.stopHosts();
  return [
    none("processes that have ended by themselves, or complained", unwell),
    same("hosts that stop in order", codes.filter((code) => code === 0).length, count),
  ];
}
