import type { DistributedLockProvider, PersistenceProvider, QueueProvider } from "wfe-core";
import type { InMemoryStore } from "wfe-core/test-support";
import type { Fault, FaultKind, FaultWeights } from "./fault-plan.ts";
import type { FinalState } from "./simulated-program.ts";
import type { Violation } from "./violations.ts";

/** Providers with a fault of their own, to see that a simulation finds it. */
export interface FaultyParts {
  readonly persistence?: (provider: PersistenceProvider, store: InMemoryStore) => PersistenceProvider;
  /** What a host has of the store: its calls are yet to travel. */
  readonly requests?: (provider: PersistenceProvider, store: InMemoryStore) => PersistenceProvider;
  readonly locks?: (provider: DistributedLockProvider) => DistributedLockProvider;
  readonly queue?: (provider: QueueProvider) => QueueProvider;
}

/** How a schedule is made. The same options give the same schedule, to the last pick. */
export interface SimulationOptions {
  /** Any whole number. */
  readonly seed: number;
  /** 1 or more. @default 2 to 4, as the seed says */
  readonly hosts?: number;
  /** No more faults from this virtual time on, in milliseconds. @default 12000 */
  readonly faultsUntilMs?: number;
  /** How often each kind comes, over the defaults. */
  readonly faults?: Partial<FaultWeights>;
  /** Occasions at which a fault may come, out of those that the seed gives. @default all */
  readonly onlyFaults?: readonly number[];
  /** Picks that the seed makes; those behind them are in order. @default all */
  readonly seededPicks?: number;
  /** Picks after which a schedule is taken to go round in circles. @default 100000 */
  readonly maxPicks?: number;
  /** Keep the whole trace, not its end alone. @default false */
  readonly keepsTrace?: boolean;
  /** @default the in-memory providers as they are */
  readonly faulty?: FaultyParts;
}

/** What has become of a schedule. */
export interface SimulationResult {
  readonly seed: number;
  readonly program: string;
  /** Empty when all is well. */
  readonly violations: readonly Violation[];
  readonly picks: number;
  /** Accepted and refused commits. */
  readonly commits: number;
  readonly refusedCommits: number;
  readonly starts: number;
  readonly faults: readonly Fault[];
  readonly faultsByKind: Readonly<Partial<Record<FaultKind, number>>>;
  /** Calls by port and method. */
  readonly calls: Readonly<Record<string, number>>;
  /** Virtual time that it took, in milliseconds. */
  readonly tookMs: number;
  /** The last picks, the faults among them; all with `keepsTrace`. */
  readonly trace: readonly string[];
  readonly final: FinalState;
}
