import assert from "node:assert/strict";
import { instant } from "../fixtures.ts";
import type { PersistenceContext } from "./persistence-context.ts";
import { commit, withW } from "./persistence-steps.ts";
import type { SuiteCase } from "./suite-case.ts";

function textOf({ name, data }: { readonly name: string; readonly data: string }): string {
  return JSON.stringify([name, data]);
}
