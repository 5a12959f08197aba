import { describe, it } from "vitest";
import { persistenceSuite } from "wfe-core/test-support";
import { persistenceTargetInMemory, persistenceTargetOnFile } from "./sqlite-targets.ts";

persistenceSuite("persistence suite on a SQLite file", persistenceTargetOnFile, { describe, it });
persistenceSuite("persistence suite on SQLite in memory", persistenceTargetInMemory, { describe, it });
