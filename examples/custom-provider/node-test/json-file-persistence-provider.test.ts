import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { persistenceSuite } from "wfe-core/test-support";
import { lockFile } from "../src/file-lock.ts";
import { JsonFilePersistenceProvider } from "../src/json-file-persistence-provider.ts";

persistenceSuite(
  "persistence suite on a JSON file",
  {
    capabilities: ["hold"],
    async createStore() {
      const folder = await mkdtemp(join(tmpdir(), "wfe-json-file-"));
      const path = join(folder, "workflows.json");
      return {
        open: async () => new JsonFilePersistenceProvider({ path }),
        elapse: (ms) => sleep(ms),
        hold: () => lockFile(`${path}.lock`, Infinity), // as another process does, of all instances at once
        dispose: () => rm(folder, { recursive: true }),
      };
    },
  },
  { describe, it },
);
