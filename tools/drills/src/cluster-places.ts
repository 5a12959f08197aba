import type { Providers } from "wfe";
import { postgresProviders, type PostgresProvidersOptions } from "wfe-postgres";
import { type RedisOptions, redisProviders } from "wfe-redis";
import { sqliteProviders, type SqliteProvidersOptions } from "wfe-sqlite";

/** Where a cluster has its state, its locks and its hints, as its processes are told. */
export type ClusterPlaces =
  | { readonly sqlite: SqliteProvidersOptions }
  | {
      readonly postgres: PostgresProvidersOptions;
      /** Where locks and queue are. @default in the database */
      readonly redis?: RedisOptions;
    };

/** The providers of one process of a cluster. */
export function clusterProviders(places: ClusterPlaces): Providers {
  if ("sqlite" in places) return sqliteProviders(places.sqlite);
  return places.redis === undefined ? postgresProviders(places.postgres) : { ...postgresProviders(places.postgres), ...redisProviders(places.redis) };
}
