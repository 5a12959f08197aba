// Argument: path of the database. Says that it is ready; on a line of input opens the database and says what came of it.
import { once } from "node:events";
import { sqliteProviders } from "../../src/sqlite-providers.ts";

const [file = ""] = process.argv.slice(2);
const { persistence } = sqliteProviders({ path: file });
console.log("ready");
await once(process.stdin, "data");
try {
  await persistence.start();
  console.log(`opened with ${await persistence.countWorkflows({})} instances`);
  await persistence.stop();
} catch (error) {
  console.log(`failed: ${String(error)}`);
}
process.exit(0);
