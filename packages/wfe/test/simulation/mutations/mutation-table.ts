import { writeFile } from "node:fs/promises";

/** A mutation that was found. */
export interface FoundMutation {
  readonly name: string;
  readonly where: string;
  readonly invariant: string;
  /** The first schedule that has found it, from 1. */
  readonly schedules: number;
}

/** Names a file that the table is written to, to be taken over into the documentation. */
const FILE = "WFE_MUTATION_TABLE";

/** Writes the table of what was found, where somebody has asked for it. */
export async function writeMutationTable(found: readonly FoundMutation[]): Promise<void> {
  const path = process.env[FILE];
  if (path === undefined) return;
  const rows = found.map(({ name, where, invariant, schedules }) => `| ${name} | ${where} | ${invariant} | ${schedules} |`);
  await writeFile(path, ["| mutation | where | found by | schedules |", "| --- | --- | --- | --- |", ...rows, ""].join("\n"));
}
