import type { DistributedLockProvider } from "../../traits/lock-provider.ts";
import { INSPECTION_CASES } from "./inspection.cases.ts";
import { LEASE_CASES } from "./lease.cases.ts";
import { LOCK_CASES, type LockContext } from "./lock.cases.ts";
import { LOCK_NOT_RUNNING_CASES } from "./lock-not-running.cases.ts";
import { PRESENCE_CASES } from "./presence.cases.ts";
import { registerSuite, type SuiteRunner } from "./register-suite.ts";
import type { SuiteCase, SuiteTarget } from "./suite-case.ts";
import { SuiteContext } from "./suite-context.ts";

/** What the lock suite runs against; capabilities `presence` when `orphans` is implemented, with `kill` on its stores, and `inspect` when that is. */
export type LockSuiteTarget = SuiteTarget<DistributedLockProvider>;

/** Every case of {@link lockSuite}, as data. */
export const LOCK_SUITE_CASES: readonly SuiteCase<LockContext>[] = [
  ...LOCK_CASES,
  ...LEASE_CASES,
  ...PRESENCE_CASES,
  ...INSPECTION_CASES,
  ...LOCK_NOT_RUNNING_CASES,
];

/**
 * Proves a lock provider: who may hold a lock, how long, what a stale holder cannot do, and with `presence` that orphans are found.
 *
 * @param name - Title of the suite.
 * @param runner - `describe` and `it` of the test runner. @default its global ones
 */
export function lockSuite(name: string, target: LockSuiteTarget, runner?: SuiteRunner): void {
  registerSuite<LockContext>({
    name,
    cases: LOCK_SUITE_CASES,
    capabilities: target.capabilities,
    createContext: () => SuiteContext.create(target),
    closeContext: (context) => context.close(),
    runner,
  });
}
