import { describe, it } from "vitest";
import { persistenceSuite } from "wfe-core/test-support";
import { persistenceTargetInMemory, persistenceTargetOfData, persistenceTargetOnFile } from "./sqlite-targets.ts";

persistenceSuite("persistence suite on a SQLite file", persistenceTargetOnFile, { describe, it });
persistenceSuite("persistence suite on SQLite in memory", persistenceTargetInMemory, { describe, it });
// Whatever is indexed, filters find the same.
persistenceSuite("persistence suite on SQLite with indexed data", persistenceTargetOfData, {
  describe,
  it: (name, run) => (/data|payload|filter|deletes/.test(name) ? it(name, run) : undefined),
  skip: () => undefined,
});
