export { freePort } from "./free-port.ts";
export { type PgBouncer, type PgBouncerOptions, startPgBouncer } from "./pgbouncer.ts";
export { type PostgresServer, type PostgresServerOptions, startPostgresServer } from "./postgres-server.ts";
export { type RedisCluster, startRedisCluster } from "./redis-cluster.ts";
export { type RedisServer, type RedisServerOptions, startRedisServer } from "./redis-server.ts";
export { openTcpProxy, type Stalled, type TcpProxy } from "./tcp-proxy.ts";
export { type ProcessUser, unprivilegedUser } from "./unprivileged-user.ts";
