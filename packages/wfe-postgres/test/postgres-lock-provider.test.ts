import { describe, it } from "vitest";
import { lockSuite } from "wfe-core/test-support";
import { testSchema } from "wfe-test-services/vitest";
import { lockTarget } from "./postgres-targets.ts";

const server = testSchema("locks");

lockSuite("lock suite on PostgreSQL", lockTarget(server), { describe, it });
lockSuite("lock suite on PostgreSQL with a prefix", lockTarget(server, { schema: server.another(), tablePrefix: "Of-Ours_" }), { describe, it });
lockSuite("lock suite on PostgreSQL without notifications", lockTarget(server, { notifications: false }), { describe, it });
