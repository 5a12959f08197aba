import { parseArgs } from "node:util";
import { ms, table } from "./figures.ts";
import { fill } from "./fill.ts";
import { type Finding, measureData, measureFinding } from "./finding.ts";
import { measureIndexCost } from "./index-cost.ts";
import { measurePurging } from "./purging.ts";
import { newStore, STORES, type StoreName } from "./store.ts";

const PATH = "customer.id";
const { values } = parseArgs({
  options: {
    instances: { type: "string", default: "100000" },
    store: { type: "string" },
    seconds: { type: "string", default: "10" },
    "index-cost": { type: "boolean", default: false },
  },
});
const stores = STORES.filter((name) => values.store === undefined || values.store === name);
const [instances, seconds] = [Number(values.instances), Number(values.seconds)];
if (stores.length === 0 || !(instances >= 2_000) || !(seconds >= 1))
  throw new RangeError(`usage: bench [--store ${STORES.join("|")}] [--instances 100000] [--seconds 10] [--index-cost]`);

async function measure(name: StoreName): Promise<void> {
  const store = await newStore(name);
  try {
    const { persistence } = store.open();
    await persistence.start();
    const begun = performance.now();
    await fill(persistence, instances);
    console.log(`\n## ${name}: ${instances} instances, filled in ${ms((performance.now() - begun) / 1_000)} s\n`);
    await store.settle();
    const found: Finding[] = [...(await measureFinding(persistence, instances)), ...(await measureData(persistence, false))];
    await persistence.stop();
    const indexed = store.open({ indexedData: [PATH] }).persistence;
    const making = performance.now();
    await indexed.start();
    const made = performance.now() - making;
    await store.settle();
    found.push(...(await measureData(indexed, true)));
    await indexed.stop();
    console.log(
      table(
        ["question", "median ms", "p95 ms"],
        found.map(([question, { median, p95 }]) => [question, ms(median), ms(p95)]),
      ),
    );
    console.log(`\nThe index of ${PATH} was made in ${ms(made)} ms.\n`);
    console.log(await measurePurging(store, seconds));
  } finally {
    await store.dispose();
  }
}

for (const name of stores) {
  if (values["index-cost"]) console.log(await measureIndexCost(name, 5, seconds));
  else await measure(name);
}
