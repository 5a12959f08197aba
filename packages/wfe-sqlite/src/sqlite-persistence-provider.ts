import { PersistenceOfStores } from "wfe-core";
import { CommandStore } from "./command-store.ts";
import { ErrorLogStore } from "./error-log-store.ts";
import { EventStore } from "./event-store.ts";
import { InspectionStore } from "./inspection-store.ts";
import { PointerStore } from "./pointer-store.ts";
import { databaseOf, type SqliteDatabase } from "./sqlite-database.ts";
import type { SqliteOptions } from "./sqlite-options.ts";
import { SubscriptionStore } from "./subscription-store.ts";
import { WorkflowControl } from "./workflow-control.ts";
import { WorkflowQuery } from "./workflow-query.ts";
import { WorkflowStore } from "./workflow-store.ts";

/**
 * The store in a SQLite database. One machine; any number of processes on one file. Writes that are wanted in the same turn of the event loop
 * travel in one transaction.
 */
export class SqlitePersistenceProvider extends PersistenceOfStores {
  /** @param database - A handle of `openSqlite`, or the options of a database of its own. */
  constructor(database: SqliteDatabase | SqliteOptions) {
    const own = databaseOf(database);
    super({
      what: "the SQLite persistence provider",
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
