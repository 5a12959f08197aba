import { readFileSync } from "node:fs";
import { DefinitionError, defineStep, type WorkflowDefinitionJson, WorkflowHostBuilder } from "wfe";
import { sqliteProviders } from "wfe-sqlite";

// What happens to expenses stands in a file that people can edit; the steps that do the work stay code.

const RATES: { readonly [currency: string]: number } = { EUR: 1, USD: 0.5 };
const convert = defineStep("convert", (input: { amount: number; currency: string }) => ({ euros: input.amount * (RATES[input.currency] ?? 1) }));
const addUp = defineStep("add up", (euros: number[]) => euros.reduce((sum, each) => sum + each, 0));
const tell = defineStep("tell", (input: { who: string; what: string }) => console.log(`${input.who} ${input.what}`));

const text = readFileSync(new URL("expenses.json", import.meta.url), "utf8");

await using host = new WorkflowHostBuilder().useProviders(sqliteProviders({ path: ":memory:" })).build();
for (const step of [convert, addUp, tell]) host.registerStep(step);
host.registerWorkflowDefinition(JSON.parse(text) as WorkflowDefinitionJson);
await host.start();

for (const { person, receipts } of [
  { person: { name: "Ann", role: "driver" }, receipts: [{ amount: 30, currency: "EUR" }] },
  {
    person: { name: "Bob", role: "driver" },
    receipts: [
      { amount: 120, currency: "USD" },
      { amount: 0, currency: "EUR" },
      { amount: 90, currency: "EUR" },
    ],
  },
  { person: { name: "Cleo", role: "boss" }, receipts: [{ amount: 900, currency: "EUR" }] },
]) {
  const id = await host.startWorkflow("expenses", 1, { person, receipts, euros: [] });
  if (person.name === "Bob") await host.publishEvent("approved", "Bob", { by: "Cleo" });
  const { data } = await host.waitForWorkflow(id);
  const { total, approvedBy } = data as { readonly total: number; readonly approvedBy: string }; // as the file says
  console.log(`  ${total} euros, approved by ${approvedBy}`);
}

// An edit that cannot run is refused before anything starts, with everything that is wrong.
const edited = text.replace('"version": 1', '"version": 2').replace('"greaterThan"', '"moreThan"').replace('"next": 6', '"next": 60');
try {
  host.registerWorkflowDefinition(JSON.parse(edited) as WorkflowDefinitionJson);
} catch (error) {
  if (!(error instanceof DefinitionError)) throw error;
  console.log("version 2 is refused:");
  for (const fault of error.faults) console.log(`  ${fault}`);
}
