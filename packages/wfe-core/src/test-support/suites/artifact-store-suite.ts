import type { ArtifactStore } from "../../traits/artifact-store.ts";
import { ARTIFACT_CONTENT_CASES } from "./artifact-content.cases.ts";
import { ARTIFACT_KEEPING_CASES } from "./artifact-keeping.cases.ts";
import type { ArtifactContext, ArtifactOpenOptions } from "./artifact-steps.ts";
import { registerSuite, type SuiteRunner } from "./register-suite.ts";
import type { SuiteCase, SuiteTarget } from "./suite-case.ts";
import { SuiteContext } from "./suite-context.ts";

/**
 * What the artifact suite runs against; `open` makes an instance with the expiry and the limit asked for, and `stop` is called on it if it has
 * one. Capability `damage` when stored bytes can be changed, with `damage` on its stores.
 */
export type ArtifactStoreSuiteTarget = SuiteTarget<ArtifactStore, ArtifactOpenOptions>;

/** Every case of {@link artifactStoreSuite}, as data. */
export const ARTIFACT_STORE_SUITE_CASES: readonly SuiteCase<ArtifactContext>[] = [...ARTIFACT_CONTENT_CASES, ...ARTIFACT_KEEPING_CASES];

/**
 * Proves a store of artifacts: that what was put comes back or is missed, how long it stays, who keeps it, and what others remove.
 *
 * @param name - Title of the suite.
 * @param runner - `describe` and `it` of the test runner. @default its global ones
 */
export function artifactStoreSuite(name: string, target: ArtifactStoreSuiteTarget, runner?: SuiteRunner): void {
  registerSuite<ArtifactContext>({
    name,
    cases: ARTIFACT_STORE_SUITE_CASES,
    capabilities: target.capabilities,
    createContext: () => SuiteContext.create(target),
    closeContext: (context) => context.close(),
    runner,
  });
}
