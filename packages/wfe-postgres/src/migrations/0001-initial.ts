import type { Migration } from "../migrate.ts";
import { commitSql } from "./initial/commit.ts";
import { controllingSql } from "./initial/controlling.ts";
import { deliveringSql } from "./initial/delivering.ts";
import { insertingSql } from "./initial/inserting.ts";
import { leasesSql } from "./initial/leases.ts";
import { loadingSql } from "./initial/loading.ts";
import { queueSql } from "./initial/queue.ts";
import { tablesSql } from "./initial/tables.ts";

/**
 * Every function has settings of its own. Plans are made once, while tables may be empty, and by index. `jit` is off: a plan without an alternative to
 * what is switched off counts as very dear, and would be compiled. And nothing is looked up along the caller's `search_path`: whoever may write to a
 * schema on it could put functions of theirs in the place of the server's.
 *
 * Tables first, and functions before those that call them.
 */
const PARTS = [tablesSql, leasesSql, queueSql, insertingSql, commitSql, loadingSql, deliveringSql, controllingSql];

/** The schema as it was first released; see the files of `initial/` for its parts. */
export const INITIAL: Migration = { version: 1, name: "initial", oldest: 1, sql: (names) => PARTS.map((part) => part(names)).join("\n") };
