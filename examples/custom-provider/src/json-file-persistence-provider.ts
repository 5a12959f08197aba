import { type Duration, durationMs, PersistenceOfStores } from "wfe-core";
import { CommandStore } from "./command-store.ts";
import { ControlStore } from "./control-store.ts";
import { EventStore } from "./event-store.ts";
import { InspectionStore } from "./inspection-store.ts";
import { JsonFile } from "./json-file.ts";
import { PointerStore } from "./pointer-store.ts";
import { QueryStore } from "./query-store.ts";
import { SubscriptionStore } from "./subscription-store.ts";
import { WorkflowStore } from "./workflow-store.ts";

/** What a {@link JsonFilePersistenceProvider} is made with. */
export interface JsonFilePersistenceProviderOptions {
  /** The file; it and its folder are made by `start`. Processes that share it are of one machine. */
  readonly path: string;
  /** How long a writer waits for those of other processes, before it fails with `WFE_STORE_BUSY`. @default "10s" */
  readonly busyTimeout?: Duration;
}

/** All instances in one JSON file, which every change writes whole. */
export class JsonFilePersistenceProvider extends PersistenceOfStores {
  constructor({ path, busyTimeout = "10s" }: JsonFilePersistenceProviderOptions) {
    const file = new JsonFile(path, durationMs(busyTimeout));
    const workflows = new WorkflowStore(file);
    super({
      what: "the persistence provider on a JSON file",
      database: file,
      metrics: file.metrics,
      stores: {
        workflows,
        errors: workflows,
        pointers: new PointerStore(file),
        control: new ControlStore(file),
        query: new QueryStore(file),
        events: new EventStore(file),
        subscriptions: new SubscriptionStore(file),
        commands: new CommandStore(file),
        inspection: new InspectionStore(file),
      },
    });
  }
}
