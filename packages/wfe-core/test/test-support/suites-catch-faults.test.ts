import { ARTIFACT_STORE_SUITE_CASES } from "../../src/test-support/suites/artifact-store-suite.ts";
import { LIFECYCLE_SUITE_CASES } from "../../src/test-support/suites/lifecycle-suite.ts";
import { LOCK_SUITE_CASES } from "../../src/test-support/suites/lock-suite.ts";
import { PERSISTENCE_SUITE_CASES } from "../../src/test-support/suites/persistence-suite.ts";
import { QUEUE_SUITE_CASES } from "../../src/test-support/suites/queue-suite.ts";
import { catchesFaults } from "./catches-faults.ts";
import { ARTIFACT_FAULTS, faultyArtifactStoreTarget } from "./faulty-artifact-stores.ts";
import { faultyLifecycleTarget, LIFECYCLE_FAULTS } from "./faulty-lifecycle.ts";
import { faultyLockTarget, LOCK_FAULTS } from "./faulty-locks.ts";
import { faultyPersistenceTarget } from "./faulty-persistence.ts";
import { PERSISTENCE_ACTIVITY_FAULTS } from "./faulty-persistence-activities.ts";
import { PERSISTENCE_DELIVERY_FAULTS } from "./faulty-persistence-deliveries.ts";
import { PUBLICATION_FAULTS } from "./faulty-persistence-publications.ts";
import { PERSISTENCE_ENDING_FAULTS } from "./faulty-persistence-endings.ts";
import { PERSISTENCE_EVENT_FAULTS } from "./faulty-persistence-events.ts";
import { PERSISTENCE_MEETING_FAULTS } from "./faulty-persistence-meetings.ts";
import { PERSISTENCE_MIGRATION_FAULTS } from "./faulty-persistence-migrations.ts";
import { PERSISTENCE_PAYLOAD_FAULTS } from "./faulty-persistence-payloads.ts";
import { PERSISTENCE_POINTER_FAULTS } from "./faulty-persistence-pointers.ts";
import { PERSISTENCE_INSPECTION_FAULTS } from "./faulty-persistence-inspection.ts";
import { PERSISTENCE_WAIT_FAULTS } from "./faulty-persistence-waits.ts";
import { PERSISTENCE_WORKFLOW_FAULTS } from "./faulty-persistence-workflows.ts";
import { faultyQueueTarget, QUEUE_FAULTS } from "./faulty-queues.ts";

catchesFaults("the persistence suite", {
  cases: PERSISTENCE_SUITE_CASES,
  faults: [
    PERSISTENCE_WORKFLOW_FAULTS,
    PERSISTENCE_EVENT_FAULTS,
    PERSISTENCE_WAIT_FAULTS,
    PERSISTENCE_INSPECTION_FAULTS,
    PERSISTENCE_DELIVERY_FAULTS,
    PUBLICATION_FAULTS,
    PERSISTENCE_PAYLOAD_FAULTS,
    PERSISTENCE_MEETING_FAULTS,
    PERSISTENCE_MIGRATION_FAULTS,
    PERSISTENCE_POINTER_FAULTS,
    PERSISTENCE_ENDING_FAULTS,
    PERSISTENCE_ACTIVITY_FAULTS,
  ],
  target: faultyPersistenceTarget,
  none: { fault: "has none", make: () => () => ({}) },
});

catchesFaults("the lock suite", {
  cases: LOCK_SUITE_CASES,
  faults: [LOCK_FAULTS],
  target: faultyLockTarget,
  none: { fault: "has none", make: () => () => ({}) },
});

catchesFaults("the queue suite", {
  cases: QUEUE_SUITE_CASES,
  faults: [QUEUE_FAULTS],
  target: faultyQueueTarget,
  none: { fault: "has none", make: () => () => ({}) },
});

catchesFaults("the lifecycle suite", {
  cases: LIFECYCLE_SUITE_CASES,
  faults: [LIFECYCLE_FAULTS],
  target: faultyLifecycleTarget,
  none: { fault: "has none", make: () => () => ({}) },
});

catchesFaults("the artifact suite", {
  cases: ARTIFACT_STORE_SUITE_CASES,
  faults: [ARTIFACT_FAULTS],
  target: faultyArtifactStoreTarget,
  none: { fault: "has none", make: () => () => ({}) },
});
