import type { ClusterStore } from "./cluster-store.ts";
import { PostgresStore } from "./postgres-store.ts";
import { SqliteStore } from "./sqlite-store.ts";

export const STORE_NAMES = ["sqlite", "postgres", "postgres+redis"] as const;
export type StoreName = (typeof STORE_NAMES)[number];

/** Starts the servers of a store, or makes its file. @param folder - Where its data is. @default wherever there is room */
export async function openStore(name: StoreName, folder?: string): Promise<ClusterStore> {
  if (name === "sqlite") return new SqliteStore(folder);
  return await PostgresStore.start({ redis: name === "postgres+redis", ...(folder === undefined ? {} : { folder }) });
}
