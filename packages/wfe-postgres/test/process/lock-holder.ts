// Arguments: connection string, schema, resource, ttl in milliseconds. Holds the lock and says so.
import { PostgresLockProvider } from "../../src/postgres-lock-provider.ts";

const [connectionString = "", schema = "", resource = "", ttl = ""] = process.argv.slice(2);
const locks = new PostgresLockProvider({ connectionString, schema });
await locks.start();
const lease = await locks.acquireLock(resource, { ttl: Number(ttl) });
console.log(lease === undefined ? "refused" : "held");
