import { setTimeout as sleep } from "node:timers/promises";
import { figuresOf } from "./figures.ts";
import { Load } from "./load.ts";
import { type MeasuredStore, newStore, type StoreName } from "./store.ts";

/** What the indexes of listings and purges were before: a status alone, and nothing else. */
const FEWER: Readonly<Record<StoreName, string>> = {
  sqlite: `DROP INDEX wfe_workflows_listed; DROP INDEX wfe_workflows_failed; DROP INDEX wfe_workflows_reference; DROP INDEX wfe_workflows_ended;
    CREATE INDEX wfe_workflows_status ON wfe_workflows (status, created_at);`,
  postgres: `DROP INDEX wfe.workflows_listed, wfe.workflows_failed, wfe.workflows_reference, wfe.workflows_ended;
    CREATE INDEX workflows_over ON wfe.workflows (status, created_at, id) WHERE status <> 'runnable';`,
};

/** What the indexes cost a load: its throughput with them, as a part of that without, in turns on empty stores. */
export async function measureIndexCost(name: StoreName, rounds: number, seconds: number): Promise<string> {
  const perSecond = { all: [] as number[], fewer: [] as number[] };
  for (let round = 0; round < rounds; round += 1) {
    for (const which of round % 2 === 0 ? (["all", "fewer"] as const) : (["fewer", "all"] as const)) {
      const store = await newStore(name);
      try {
        perSecond[which].push(await throughput(store, which === "fewer" ? FEWER[name] : undefined, seconds));
      } finally {
        await store.dispose();
      }
    }
  }
  const [all, fewer] = [figuresOf(perSecond.all).median, figuresOf(perSecond.fewer).median];
  return `${name}: ${Math.round(all)} workflows a second with all indexes, ${Math.round(fewer)} with fewer: ${(all / fewer).toFixed(3)}`;
}

async function throughput(store: MeasuredStore, sql: string | undefined, seconds: number): Promise<number> {
  const { persistence } = store.open();
  await persistence.ensureStoreExists();
  if (sql !== undefined) await store.run(sql);
  const load = new Load([store.open(), store.open()]);
  await load.start();
  await sleep(1_000);
  const { perSecond } = await load.during(() => sleep(seconds * 1_000));
  await load.stop();
  return perSecond;
}
