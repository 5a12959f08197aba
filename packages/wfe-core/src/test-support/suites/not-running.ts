import { isWfeError } from "../../errors/wfe-error.ts";

/** Whether an error says that a provider is not running; for `assert.rejects`. */
export function isNotRunning(error: unknown): true {
  if (isWfeError(error, "WFE_PROVIDER_NOT_RUNNING")) return true;
  throw new Error(`expected WFE_PROVIDER_NOT_RUNNING, got ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`);
}
