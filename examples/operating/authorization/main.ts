import { AsyncLocalStorage } from "node:async_hooks";
import { type Middleware, NonRetryableError, WorkflowBuilder, WorkflowHostBuilder } from "wfe";
import { sqliteProviders } from "wfe-sqlite";

// Who may start what is asked when a workflow is started, and who may do what when its steps run, perhaps days later and on another machine.

interface User {
  readonly name: string;
  readonly roles: readonly string[];
}
const users: readonly User[] = [
  { name: "ann", roles: ["clerk", "manager"] },
  { name: "bob", roles: ["clerk"] },
];

/** Who calls, as the web framework of an application would keep it. */
const caller = new AsyncLocalStorage<User>();

const authorization: Middleware = {
  // What it throws refuses the start: nothing is stored.
  aroundStart: (ctx, next) => {
    const user = caller.getStore();
    if (user === undefined) throw new Error(`nobody is logged in: ${ctx.definitionId} is not started`);
    ctx.options = { ...ctx.options, reference: user.name }; // stays with the workflow
    return next();
  },
  // What it throws is the step's failure; nothing of the step has run.
  aroundStep: (ctx, next) => {
    const { role } = (ctx.step.config ?? {}) as { readonly role?: string };
    const user = users.find(({ name }) => name === ctx.workflow.reference);
    if (role !== undefined && user?.roles.includes(role) !== true)
      throw new NonRetryableError(`${user?.name ?? "nobody"} may not ${ctx.step.name}: only a ${role} may`);
    return next();
  },
};

const refund = new WorkflowBuilder<{ cents: number }>()
  .thenFn("look it up", () => {})
  .thenFn("pay out", (ctx) => console.log(`paid out ${ctx.data.cents} cents for ${ctx.workflow.reference}`))
  .config({ role: "manager" })
  .build("refund", 1);

await using host = new WorkflowHostBuilder()
  .useProviders(sqliteProviders({ path: ":memory:" }))
  .useMiddleware(authorization)
  .build();
host.registerWorkflowDefinition(refund);
await host.start();

await host.startWorkflow(refund, { cents: 5 }).catch((error: Error) => console.log(error.message));
console.log(`${await host.countWorkflows()} workflows`);
for (const user of users) {
  const id = await caller.run(user, () => host.startWorkflow(refund, { cents: 100 }, { id: `refund-for-${user.name}` }));
  await host.waitForWorkflow(id).catch((error: Error) => console.log(error.message.split(";")[0]));
}
console.log(`${await host.countWorkflows({ status: "suspended", reference: "bob" })} of bob's suspended`);
