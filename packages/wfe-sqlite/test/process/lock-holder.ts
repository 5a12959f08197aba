// Arguments: path of the database, resource, ttl in milliseconds. Holds the lock and says so; on a line of input ends without a farewell.
import { once } from "node:events";
import { sqliteProviders } from "../../src/sqlite-providers.ts";

const [file = "", resource = "", ttl = ""] = process.argv.slice(2);
const { locks } = sqliteProviders({ path: file });
await locks.start();
const lease = await locks.acquireLock(resource, { ttl: Number(ttl) });
console.log(lease === undefined ? "refused" : "held");
await once(process.stdin, "data");
process.exit(0);
