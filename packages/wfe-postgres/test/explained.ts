import type pg from "pg";
import type { SchemaNames } from "../src/schema-names.ts";

/** A node of a plan, as the server's JSON has it. */
interface PlanNode {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly "Index Name"?: string;
  readonly "Index Cond"?: string;
  readonly Plans?: readonly PlanNode[];
}

/** The plans of the statements that a client runs, those within functions too, as they come. */
export class Explained {
  readonly #plans: { readonly text: string; readonly plan: PlanNode }[] = [];

  /** Has the server tell the plans of a client; needs a superuser. */
  watch(client: pg.Client | pg.PoolClient): void {
    client.on("notice", ({ message = "" }) => {
      const start = message.indexOf("{");
      if (!message.startsWith("duration:") || start < 0) return;
      const { "Query Text": text, Plan: plan } = JSON.parse(message.slice(start)) as { readonly "Query Text": string; readonly Plan: PlanNode };
      this.#plans.push({ text, plan });
    });
    const settings = ["log_min_duration = 0", "log_nested_statements = on", "log_analyze = off", "log_format = json"];
    void client.query(`LOAD 'auto_explain'; ${settings.map((each) => `SET auto_explain.${each};`).join(" ")} SET client_min_messages = log`);
  }

  /** How the tables are read by what is done meanwhile: `table: index`, or what is worse, sorted. */
  async accessesOf(names: SchemaNames, use: () => Promise<unknown>): Promise<readonly string[]> {
    this.#plans.length = 0;
    await use();
    if (this.#plans.length === 0) throw new Error("nothing was explained");
    const found = new Set<string>();
    const visit = (node: PlanNode, table: string | undefined): void => {
      const of = node["Relation Name"] ?? table;
      const short = (name = ""): string => name.slice(names.tablePrefix.length);
      const index = node["Index Name"];
      if (index !== undefined) {
        // Without a condition all of the index is read, or its beginning.
        found.add(`${short(of)}: ${node["Index Cond"] === undefined ? "walk of " : ""}${short(index)}`);
      } else if (node["Node Type"].endsWith("Scan") && node["Relation Name"] !== undefined && node["Node Type"] !== "Bitmap Heap Scan") {
        found.add(`${short(of)}: ${node["Node Type"]}`);
      }
      for (const child of node.Plans ?? []) visit(child, of);
    };
    for (const { plan } of this.#plans) visit(plan, undefined);
    return [...found].toSorted();
  }

  /** Texts of the statements that were explained last. */
  get texts(): readonly string[] {
    return this.#plans.map(({ text }) => text);
  }
}
