import type { Migration } from "../migrate.ts";
import { claimingSql } from "./initial/claiming.ts";
import { commitSql } from "./initial/commit.ts";
import { controllingSql } from "./initial/controlling.ts";
import { deliveringSql } from "./initial/delivering.ts";
import { findingSql } from "./initial/finding.ts";
import { insertingSql } from "./initial/inserting.ts";
import { leasesSql } from "./initial/leases.ts";
import { lifecycleSql } from "./initial/lifecycle.ts";
import { loadingSql } from "./initial/loading.ts";
import { queueSql } from "./initial/queue.ts";
import { tablesSql } from "./initial/tables.ts";

/** Tables first, and functions before those that call them. */
const PARTS = [
  tablesSql,
  leasesSql,
  queueSql,
  insertingSql,
  commitSql,
  loadingSql,
  deliveringSql,
  claimingSql,
  controllingSql,
  findingSql,
  lifecycleSql,
];

/** The schema as it was first released; see the files of `initial/` for its parts. */
export const INITIAL: Migration = { version: 1, name: "initial", oldest: 1, sql: (names) => PARTS.map((part) => part(names)).join("\n") };
