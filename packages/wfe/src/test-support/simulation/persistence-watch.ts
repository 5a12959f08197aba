import { isWfeError, type NewWorkflow, type WorkflowChange } from "wfe-core";
import type { HintLedger } from "./hint-ledger.ts";
import type { LeaseLedger } from "./lease-ledger.ts";
import type { RunInvariants } from "./run-invariants.ts";
import type { CallWatch } from "./simulated-ports.ts";
import type { SimulatedProcess } from "./simulated-process.ts";
import type { StoreObserver } from "./store-observer.ts";

/** Who is told of what a host asks of the store, and hears. */
export interface PersistenceWatchers {
  readonly process: SimulatedProcess;
  readonly hints: HintLedger;
  readonly ledger: LeaseLedger;
  readonly runs: RunInvariants;
  readonly observer: StoreObserver;
}

/** Tells of the calls of one host to the store. */
export function persistenceWatch({ process, hints, ledger, runs, observer }: PersistenceWatchers): CallWatch {
  return {
    asked: (method, [written]) => {
      if (method === "persistWorkflow") observer.asked(written as WorkflowChange, process, ledger); // its argument
      if (method === "createNewWorkflow") hints.set(process, (written as NewWorkflow).id, written, "asks"); // its argument
      if (method === "loadForPass") hints.works(process, written as string); // its argument
      if (method === "persistWorkflow") hints.works(process, (written as WorkflowChange).workflowId); // its argument
    },
    ended: (method, [written], error) => {
      if (method === "createNewWorkflow") hints.set(process, (written as NewWorkflow).id, written, undefined); // its argument
      if (!isWfeError(error) || !error.retryable) return;
      if (method === "loadForPass") runs.results.unreachable(process, written as string); // its argument
      if (method === "persistWorkflow") runs.results.unreachable(process, (written as WorkflowChange).workflowId); // its argument
    },
    answered: (method, [written]) => {
      if (method === "persistWorkflow") runs.acknowledged(process, written as WorkflowChange); // its argument
      if (method === "createNewWorkflow") runs.created(process, written as NewWorkflow); // its argument
    },
  };
}
