/** wfe: the host, and everything of the core. */
// The one place where everything is passed on: users import one package.
export * from "wfe-core";
export type { LifecycleEvents, LifecycleEventsOptions } from "./host/lifecycle-events.ts";
export type { HostOptions, PurgeRule } from "./host/host-options.ts";
export type { HostPlugin } from "./host/host-plugin.ts";
export type { StandaloneClient } from "./host/standalone-client.ts";
export type { WorkflowHost } from "./host/workflow-host.ts";
export { WorkflowHostBuilder } from "./host/workflow-host-builder.ts";
export { purgeWorkflows } from "./purger.ts";
export { InMemoryWorkflowRegistry } from "./registry.ts";
export { runWorkflowSync } from "./sync-runner.ts";
