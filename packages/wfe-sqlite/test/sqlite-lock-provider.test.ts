import { describe, it } from "vitest";
import { lockSuite } from "wfe-core/test-support";
import { lockTargetInMemory, lockTargetOnFile } from "./sqlite-targets.ts";

lockSuite("lock suite on a SQLite file", lockTargetOnFile, { describe, it });
lockSuite("lock suite on SQLite in memory", lockTargetInMemory, { describe, it });
