import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, it } from "vitest";
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
      // Writers of one process take turns by their path. By another path to the same file they meet at its lock alone, as two processes do.
      await symlink(folder, join(folder, "again"));
      let opened = 0;
      return {
        open: async () => new JsonFilePersistenceProvider({ path: opened++ % 2 === 0 ? path : join(folder, "again", "workflows.json") }),
        elapse: (ms) => sleep(ms),
        hold: () => lockFile(`${path}.lock`, Infinity), // as another process does, of all instances at once
        dispose: () => rm(folder, { recursive: true }),
      };
    },
  },
  { describe, it },
);
