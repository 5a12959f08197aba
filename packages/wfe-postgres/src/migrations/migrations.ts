import type { Migration } from "../migrate.ts";
import { INITIAL } from "./0001-initial.ts";

/** Every migration, in order. */
export const MIGRATIONS: readonly Migration[] = [INITIAL];
