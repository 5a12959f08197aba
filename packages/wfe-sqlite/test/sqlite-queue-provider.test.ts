import { describe, it } from "vitest";
import { queueSuite } from "wfe-core/test-support";
import { queueTargetInMemory, queueTargetOnFile } from "./sqlite-targets.ts";

queueSuite("queue suite on a SQLite file", queueTargetOnFile, { describe, it });
queueSuite("queue suite on SQLite in memory", queueTargetInMemory, { describe, it });
