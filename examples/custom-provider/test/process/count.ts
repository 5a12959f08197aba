import { JsonFilePersistenceProvider } from "../../src/json-file-persistence-provider.ts";

// Takes numbers and stores an event for each, one after the other; prints the numbers.
const [path = "", count = "0"] = process.argv.slice(2);
const persistence = new JsonFilePersistenceProvider({ path });
await persistence.start();
const taken: number[] = [];
for (let turn = 0; turn < Number(count); turn += 1) {
  const number = await persistence.nextDefinitionSequence("d", 1);
  await persistence.createEvent({ id: `${number}`, name: "counted", key: "", time: new Date(0) }, new Date(0));
  taken.push(number);
}
await persistence.stop();
process.stdout.write(JSON.stringify(taken));
