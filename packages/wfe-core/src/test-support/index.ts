export {
  instant,
  SAMPLE_DEFINITION,
  sampleChange,
  sampleEvent,
  sampleExecutionError,
  sampleLifecycleEvent,
  sampleLifecycleEvents,
  samplePointer,
  sampleSubscription,
  sampleWorkflow,
} from "./fixtures.ts";
export { eventually, type EventuallyOptions } from "./eventually.ts";
export { InMemoryArtifacts, InMemoryArtifactStore, type InMemoryArtifactStoreOptions } from "./in-memory/in-memory-artifact-store.ts";
export {
  InMemoryLifecycleBus,
  InMemoryLifecyclePublisher,
  type InMemoryLifecyclePublisherOptions,
} from "./in-memory/in-memory-lifecycle-publisher.ts";
export { InMemoryLockProvider, type InMemoryLockProviderOptions, InMemoryLockStore } from "./in-memory/in-memory-lock-provider.ts";
export { InMemoryPersistenceProvider, type InMemoryPersistenceProviderOptions } from "./in-memory/in-memory-persistence-provider.ts";
export { InMemoryQueueProvider, type InMemoryQueueProviderOptions } from "./in-memory/in-memory-queue-provider.ts";
export { InMemoryQueueStore } from "./in-memory/in-memory-queue-store.ts";
export { isInBound } from "./in-memory/in-memory-delivery.ts";
export { InMemoryStore, type KeptEvent, type KeptSubscription, type KeptTopic, type KeptWorkflow } from "./in-memory/in-memory-store.ts";
export type { ArtifactContext, ArtifactOpenOptions } from "./suites/artifact-steps.ts";
export { ARTIFACT_STORE_SUITE_CASES, artifactStoreSuite, type ArtifactStoreSuiteTarget } from "./suites/artifact-store-suite.ts";
export type { LifecycleContext } from "./suites/lifecycle.cases.ts";
export { LIFECYCLE_SUITE_CASES, lifecycleSuite, type LifecycleSuiteTarget } from "./suites/lifecycle-suite.ts";
export type { LockContext } from "./suites/lock.cases.ts";
export { LOCK_SUITE_CASES, lockSuite, type LockSuiteTarget } from "./suites/lock-suite.ts";
export type { PersistenceContext } from "./suites/persistence-context.ts";
export { PERSISTENCE_SUITE_CASES, persistenceSuite, type PersistenceSuiteTarget } from "./suites/persistence-suite.ts";
export type { QueueContext, QueueOpenOptions } from "./suites/queue.cases.ts";
export { QUEUE_SUITE_CASES, queueSuite, type QueueSuiteTarget } from "./suites/queue-suite.ts";
export { registerSuite, runSuiteCase, type SuiteRegistration, type SuiteRunner } from "./suites/register-suite.ts";
export type { SuiteCase, SuiteStore, SuiteTarget } from "./suites/suite-case.ts";
export { SuiteContext } from "./suites/suite-context.ts";
export { VirtualClock, type VirtualClockOptions } from "./virtual-clock.ts";
export { VirtualEntropy } from "./virtual-entropy.ts";
