import type { PersistenceFaults } from "./faulty-persistence.ts";
import { PERSISTENCE_COMMIT_FAULTS } from "./faulty-persistence-commits.ts";
import { PERSISTENCE_CONTROL_FAULTS } from "./faulty-persistence-control.ts";
import { PERSISTENCE_CREATION_FAULTS } from "./faulty-persistence-creation.ts";
import { PERSISTENCE_FINDING_FAULTS } from "./faulty-persistence-finding.ts";
import { PERSISTENCE_LISTING_FAULTS } from "./faulty-persistence-listing.ts";

/** For every case of the persistence suite that is about instances the fault that it is there for. */
export const PERSISTENCE_WORKFLOW_FAULTS: PersistenceFaults = {
  ...PERSISTENCE_CREATION_FAULTS,
  ...PERSISTENCE_COMMIT_FAULTS,
  ...PERSISTENCE_CONTROL_FAULTS,
  ...PERSISTENCE_LISTING_FAULTS,
  ...PERSISTENCE_FINDING_FAULTS,
};
