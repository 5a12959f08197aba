import type { LifecyclePublisher } from "../../traits/lifecycle-publisher.ts";
import { LIFECYCLE_CASES, type LifecycleContext } from "./lifecycle.cases.ts";
import { LIFECYCLE_NOT_RUNNING_CASES } from "./lifecycle-not-running.cases.ts";
import { LIFECYCLE_SUBSCRIPTION_CASES } from "./lifecycle-subscription.cases.ts";
import { registerSuite, type SuiteRunner } from "./register-suite.ts";
import type { SuiteCase, SuiteTarget } from "./suite-case.ts";
import { SuiteContext } from "./suite-context.ts";

/** What the lifecycle suite runs against. Listeners of its cases throw: what the publisher then tells is told to nobody. */
export type LifecycleSuiteTarget = SuiteTarget<LifecyclePublisher>;

/** Every case of {@link lifecycleSuite}, as data. */
export const LIFECYCLE_SUITE_CASES: readonly SuiteCase<LifecycleContext>[] = [
  ...LIFECYCLE_CASES,
  ...LIFECYCLE_SUBSCRIPTION_CASES,
  ...LIFECYCLE_NOT_RUNNING_CASES,
];

/**
 * Proves a publisher of lifecycle events: each comes to every subscriber once, whole and in order, from the moment of the subscription to its end.
 *
 * @param name - Title of the suite.
 * @param runner - `describe` and `it` of the test runner. @default its global ones
 */
export function lifecycleSuite(name: string, target: LifecycleSuiteTarget, runner?: SuiteRunner): void {
  registerSuite<LifecycleContext>({
    name,
    cases: LIFECYCLE_SUITE_CASES,
    capabilities: target.capabilities,
    createContext: () => SuiteContext.create(target),
    closeContext: (context) => context.close(),
    runner,
  });
}
