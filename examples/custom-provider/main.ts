import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WorkflowBuilder, WorkflowHostBuilder } from "wfe";
import { InMemoryLockProvider, InMemoryQueueProvider } from "wfe-core/test-support";
import { JsonFilePersistenceProvider } from "./src/json-file-persistence-provider.ts";

const greet = new WorkflowBuilder<{ name: string; text: string }>()
  .thenFn("write", (ctx) => `Hello ${ctx.data.name}`)
  .saveAs("text")
  .delay("100ms")
  .thenFn("print", (ctx) => console.log(ctx.data.text))
  .build("greet", 1);

const path = join(await mkdtemp(join(tmpdir(), "wfe-greet-")), "workflows.json");
const host = new WorkflowHostBuilder()
  .useProviders({ persistence: new JsonFilePersistenceProvider({ path }), locks: new InMemoryLockProvider(), queue: new InMemoryQueueProvider() })
  .build();
host.registerWorkflowDefinition(greet);
await host.start();
const id = await host.startWorkflow(greet, { name: "Ada", text: "" });
const { status } = await host.waitForWorkflow(id, { timeout: "10s" });
await host.stop();

console.log(status, (await readFile(path, "utf8")).includes("Hello Ada"));
