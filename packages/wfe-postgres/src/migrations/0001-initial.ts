import type { Migration } from "../migrate.ts";
import { leasesSql } from "./initial/leases.ts";
import { queueSql } from "./initial/queue.ts";

/** The schema as it was first released; see the files of `initial/` for its parts. */
export const INITIAL: Migration = {
  version: 1,
  name: "initial",
  oldest: 1,
  sql: (names) => [leasesSql, queueSql].map((part) => part(names)).join("\n"),
};
