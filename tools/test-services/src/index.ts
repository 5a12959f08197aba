export { freePort } from "./free-port.ts";
export { type PostgresServer, type PostgresServerOptions, startPostgresServer } from "./postgres-server.ts";
