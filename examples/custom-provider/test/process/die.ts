import fs from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { JsonFilePersistenceProvider } from "../../src/json-file-persistence-provider.ts";

// Dies when the next state is written, and before it takes the place of the last one.
const [path = ""] = process.argv.slice(2);
const persistence = new JsonFilePersistenceProvider({ path });
await persistence.start();
await persistence.nextDefinitionSequence("d", 10);
fs.rename = async () => {
  process.kill(process.pid, "SIGKILL");
};
syncBuiltinESMExports();
await persistence.nextDefinitionSequence("d", 10);
