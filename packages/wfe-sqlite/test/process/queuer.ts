// Argument: path of the database. Queues every line of input as the id of a workflow, and says so.
import { createInterface } from "node:readline";
import { sqliteProviders } from "../../src/sqlite-providers.ts";

const [file = ""] = process.argv.slice(2);
const { queue } = sqliteProviders({ path: file });
await queue.start();
console.log("ready");
for await (const id of createInterface({ input: process.stdin })) {
  await queue.queueWork(id, "workflow");
  console.log(`queued ${id}`);
}
