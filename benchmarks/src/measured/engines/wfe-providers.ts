import type { Providers } from "wfe";
import { postgresProviders } from "wfe-postgres";
import { redisProviders } from "wfe-redis";
import { sqliteProviders } from "wfe-sqlite";
import { needed, type Place } from "../measured-engine.ts";

/** The providers of a store, with their defaults. */
export function wfeProviders(store: "sqlite" | "sqlite-normal" | "postgres" | "postgres-redis", place: Place): Providers {
  switch (store) {
    case "sqlite":
      return sqliteProviders({ path: needed(place, "sqlitePath") });
    case "sqlite-normal":
      return sqliteProviders({ path: needed(place, "sqlitePath"), synchronous: "NORMAL" });
    case "postgres":
      return postgresProviders({ connectionString: needed(place, "postgresUrl") });
    case "postgres-redis":
      return { ...postgresProviders({ connectionString: needed(place, "postgresUrl") }), ...redisProviders({ url: needed(place, "redisUrl") }) };
  }
}
