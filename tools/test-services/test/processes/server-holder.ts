import { startPgBouncer, startPostgresServer } from "../../src/index.ts";

// Starts a server and a pooler, says where, and stays until it is killed.
const server = await startPostgresServer();
const pooler = await startPgBouncer({ server, poolMode: "transaction" });
console.log(JSON.stringify([server.url, pooler.url]));
process.stdin.resume();
