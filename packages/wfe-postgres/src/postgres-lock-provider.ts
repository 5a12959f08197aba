import { InMemoryLockProvider, InMemoryLockStore } from "wfe-core/test-support";
import type { DistributedLockProvider } from "wfe-core";
const stores = new Map<string, InMemoryLockStore>();
// TEMPORARY
export class PostgresLockProvider extends InMemoryLockProvider implements DistributedLockProvider {
  constructor(database: any) { 
    const k = database.clock; let st = (stores as any).get(k); if (st === undefined) { st = new InMemoryLockStore(database.clock); (stores as any).set(k, st); }
    super({ store: st, clock: database.clock });
  }
}
