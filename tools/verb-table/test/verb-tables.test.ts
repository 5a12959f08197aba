import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { VERBS } from "../../../packages/wfe/test/scenarios/every-verb/table.ts";
import { markdownTable } from "../src/markdown-table.ts";
import { BEGIN, withTables } from "../src/verb-tables.ts";

const document = readFileSync(new URL("../../../docs/verbs.md", import.meta.url), "utf8");

describe("the tables of docs/verbs.md", () => {
  it("are those of the tests", () => {
    expect(document, "run `pnpm --filter wfe-verb-table write`").toBe(withTables(document));
  });

  it("stand below an explanation of every verb in them", () => {
    const [explained = ""] = document.split(BEGIN);
    const named = new Set(VERBS.flatMap(({ name }) => name.match(/`\w+`/g) ?? []));

    expect(named.size).toBeGreaterThan(20);
    expect([...named].filter((verb) => !explained.includes(verb))).toEqual([]);
  });

  it("replace only what is theirs, and need a place", () => {
    const changed = withTables(document.replace("| ✓", "| ?").replace("# Verbs", "# The verbs"));

    expect(changed).toBe(document.replace("# Verbs", "# The verbs"));
    expect(() => withTables("# Verbs\n")).toThrow("has no part between");
  });
});

describe("markdownTable", () => {
  it("pads every column to its widest cell", () => {
    expect(markdownTable(["", "b"], [["long", "c"]])).toBe("|      | b   |\n| ---- | --- |\n| long | c   |");
  });
});
