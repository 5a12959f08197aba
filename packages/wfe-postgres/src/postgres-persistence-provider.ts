import { PersistenceOfStores } from "wfe-core";
import { CommandStore } from "./command-store.ts";
import { ErrorLogStore } from "./error-log-store.ts";
import { EventStore } from "./event-store.ts";
import { InspectionStore } from "./inspection-store.ts";
import { PointerStore } from "./pointer-store.ts";
import { databaseOf, type PostgresDatabase } from "./postgres-database.ts";
import type { PostgresOptions } from "./postgres-options.ts";
import { SubscriptionStore } from "./subscription-store.ts";
import { WorkflowControl } from "./workflow-control.ts";
import { WorkflowQuery } from "./workflow-query.ts";
import { WorkflowStore } from "./workflow-store.ts";

/**
 * The store in a schema of a PostgreSQL database, for any number of processes on any number of machines. Commits, loads, creations and events
 * that are wanted at the same moment travel in one call, which is one transaction. Operations that may be done twice are tried again when the connection
 * is lost, the server restarts or fails over, or the transaction was ended because of others; a command (`suspend` and the like) is not, once
 * it may have happened: it rejects with `WFE_STORE_UNREACHABLE`, and the status of the instance tells.
 */
export class PostgresPersistenceProvider extends PersistenceOfStores {
  /**
   * @param database - A handle of `openPostgres`, or the options of a database of its own.
   * @throws RangeError when an option makes no sense.
   */
  constructor(database: PostgresDatabase | PostgresOptions) {
    const own = databaseOf(database);
    super({
      what: "the PostgreSQL persistence provider",
      database: own,
      metrics: own.metrics,
      stores: {
        workflows: new WorkflowStore(own),
        pointers: new PointerStore(own),
        control: new WorkflowControl(own),
        query: new WorkflowQuery(own),
        events: new EventStore(own),
        subscriptions: new SubscriptionStore(own),
        commands: new CommandStore(own),
        errors: new ErrorLogStore(own),
        inspection: new InspectionStore(own),
      },
    });
  }
}
