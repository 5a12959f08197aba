import { describe, expect, it } from "vitest";
import { testSchema } from "wfe-test-services/vitest";
import { arrayLiteral } from "../src/array-literal.ts";
import { testSessions } from "./test-sessions.ts";

const sessions = testSessions(testSchema("array literals"));

describe("lists for the server", () => {
  it("come to it as they are", async () => {
    const texts = [
      "",
      " ",
      "a b",
      "NULL",
      "null",
      '"',
      String.raw`\ \\ \" \u0041`,
      "{a,b}",
      ",",
      "'",
      "\n\t\r",
      "ä",
      "🙂",
      "\u0001",
      '{"a":"\\n"}',
      null,
    ];
    const numbers = [0, -1, 1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, null];
    const flags = [true, false, null];

    const [row] = await sessions.query("SELECT $1::text[] AS texts, to_json($2::bigint[]) AS numbers, $3::boolean[] AS flags, $4::text[] AS none", [
      arrayLiteral(texts),
      arrayLiteral(numbers),
      arrayLiteral(flags),
      arrayLiteral([]),
    ]);

    expect(row).toEqual({ texts, numbers, flags, none: [] });
  });
});
